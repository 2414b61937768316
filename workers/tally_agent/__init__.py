"""The agent on the owner's PC: asks TallyPrime beside it for what changed, and posts the answers to Munshi."""
