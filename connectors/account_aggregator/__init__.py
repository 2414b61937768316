"""Account Aggregator: a bank account's lines by the owner's consent, as ReBIT deposits through an API like Setu's."""
