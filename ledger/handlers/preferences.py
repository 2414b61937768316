"""What a member sets for himself: the language that is spoken with him."""

from __future__ import annotations

from kit.errors import NotFound, Rejected
from ledger.commands.preferences import SetLanguage
from ledger.domain.roles import Permission
from ledger.handlers.people import LANGUAGES
from ledger.handlers.registry import Context, handles

# A row locked and read before it is changed: what was spoken before goes into the audit.
_SET = """
WITH before AS (
  SELECT id, language FROM members WHERE business_id = $1 AND id = $2 AND active FOR UPDATE
)
UPDATE members m SET language = $3 FROM before b WHERE m.business_id = $1 AND m.id = b.id RETURNING b.language
"""


@handles(SetLanguage, permission=Permission.SEE_RECEIVABLES)
async def set_language(command: SetLanguage, ctx: Context) -> str:
    """Set the language of the member who asks; every role may."""
    if command.language not in LANGUAGES:
        raise Rejected(
            "member.language",
            f"{command.language[:20]!r} is not a language that I speak.",
            remedy=f"Choose one of {', '.join(LANGUAGES)}.",
        )
    before = await ctx.tx.value(_SET, ctx.actor.business_id, ctx.actor.member_id, command.language)
    if before is None:
        raise NotFound("member.unknown", "There is no such member.")
    if before != command.language:
        ctx.audit(
            "member.language_set",
            f"member:{ctx.actor.member_id}",
            before={"language": before},
            after={"language": command.language},
        )
    return str(before)
