"""What the books lack, as vouchers, and the files that carry them there: Tally's import XML, a workbook, plain CSV."""
