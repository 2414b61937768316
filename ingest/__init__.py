"""The door for sources: webhooks, files and pulls become deliveries in the log."""
