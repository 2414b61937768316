"""What every program needs and no trade: money, time, ids, errors, settings, database, HTTP, logs."""
