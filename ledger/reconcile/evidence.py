"""The evidence of a proposal in another language.

Evidence is kept in English with the question, so that it reads the same for ever and is compared by what it says; a
reader of another language gets it by the templates here, evidence of old questions too.
"""

from __future__ import annotations

from kit.catalogues import N_
from ledger.words import Phrases

_TEMPLATES = (
    N_("amount exact"),
    N_("amount exact after the deduction"),
    N_("amount exact after the discount {why}"),
    N_("amount exact but for a rounding"),
    N_("a little less, as a bank's charge makes it"),
    N_("part of the oldest bill"),
    N_("the oldest {n} bills first"),
    N_("the oldest {n} bills"),
    N_("pays all {n} open bills"),
    N_("pays the only open bill"),
    N_("all {n} open bills"),
    N_("all {n} bills that were due"),
    N_("no other bills add up to it"),
    N_("no other bills add up to it (but many could)"),
    N_("cut on GST as well, which is a common mistake"),
    N_("computed on GST as well, which is a common mistake"),
    N_("on the due day"),
    N_("on the day of the bill"),
    N_("{n} day after due"),
    N_("{n} days after due"),
    N_("{n} day before due"),
    N_("{n} days before due"),
    N_("{n} day after the bill"),
    N_("{n} days after the bill"),
    N_("{n} day before the bill"),
    N_("{n} days before the bill"),
    N_("a bill's number is in the narration"),
    N_("known payer"),
    N_("known payer ({how})"),
    N_("similar name"),
    N_("the rest stays on account"),
    N_("pays on account"),
    N_("no bill fits"),
    N_("nothing is open"),
    N_("pays the oldest bill first"),
    N_("they paid a round sum"),
    N_("so little is what a bank takes"),
    N_("just {percent} {why}"),
    N_("the difference is just this deduction"),
    N_("as before"),
    N_("of the bill"),
    N_("of its taxable value"),
    N_("if paid within {n} days"),
    N_("s.{section} {why}"),
    N_("account"),
    N_("name"),
)
"""What the matcher says, besides the bank's words (`kinds`) and the names of deductions by law (`tds_rates.toml`)."""
_PHRASES = Phrases(
    _TEMPLATES, again=("why", "how"), shapes={"n": r"\d+", "percent": r"\S+%", "section": r"\S+"}
)


def told(language: str, text: str) -> str:
    """Return a piece of evidence in `language`; what fits no template stays as it is."""
    return _PHRASES.told(language, text)
