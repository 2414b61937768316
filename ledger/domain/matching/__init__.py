"""Matching money with bills: pure, in paise, over the few candidates left; used by the derivation and the questions."""
