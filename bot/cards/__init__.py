"""Cards: pure functions from a view to text and buttons, free of any channel."""
