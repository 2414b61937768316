"""The audit trail of a period taken away: JSON Lines that anybody can verify, and a workbook that an auditor reads."""
