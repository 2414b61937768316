"""The standard connector: canonical events as JSON, signed by Standard Webhooks, for any tool."""
