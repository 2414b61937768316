"""Pure domain: vocabulary, events, folds, derivation, roles. No clock, no I/O, no logging."""
