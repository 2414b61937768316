"""What runs on an update: commands, free text, taps, files, and what happens when one of them fails."""
