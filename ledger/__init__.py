"""The domain core: the event log, the state derived from it, the rules that judge it, and the door for people."""
