"""Tables, the log, and the statements that write what is derived."""
