"""TallyPrime: exported files, answers of its XML port, and what the agent on the owner's PC posts."""
