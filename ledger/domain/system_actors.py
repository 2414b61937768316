"""What each program of ours may say at the door: its own messages and no others, though it is nobody's role.

A program that strangers can reach (the api before it knows whose a token is, the pay page, the chat) can so be made to
do no more than its work. The command line, which who runs the server uses, says anything; so does what isn't listed,
which a test allows to our tests alone.
"""

from __future__ import annotations

from collections.abc import Mapping

COMMAND_LINE = "command line"
ANYTHING = frozenset({COMMAND_LINE, "simulator"})
"""Programs that are run by whoever runs the server."""

MAY_SAY: Mapping[str, frozenset[str]] = {
    "graphql": frozenset({"ChatMember", "RecogniseToken"}),
    "pay page": frozenset({"PayPage", "NotePayPageOpened"}),
    "pages": frozenset({"ChatMember", "NoteLook", "NotePageOpened", "OpenPageLink"}),
    "chat": frozenset(
        {
            "ChatMember",
            "LinkChat",
            "Members",
            "NoteBlockedChat",
            "NoteChatBack",
            "NoteMenu",
            "NoteUpdate",
            "QueueMessage",
        }
    ),
    "files": frozenset({"ChatMember", "MoveFile", "OpenFiles", "ResumeFiles"}),
    "audit": frozenset({"TellAuditHead", "VerifyAudit"}),
    "audit export": frozenset({"NotePageOpened", "OpenPageLink"}),
    "outbox": frozenset({"ClaimMessage", "NoteBlockedChat", "RecoverMessages", "SettleMessage"}),
    "drainer": frozenset({"DrainBusiness"}),
    "webhooks": frozenset({"ClaimWebhook", "EndTurn", "SettleMessage", "SwitchedOffWebhooks"}),
    "live": frozenset({"ImportProgress", "TrailPlace", "TrailTold"}),
    "sweep": frozenset(
        {"EndingSoon", "EndMemberships", "NoteEndTold", "RefreshExpectations", "SweepBusiness"}
    ),
}
"""By the name of the actor: the names of its commands and questions."""


def may_say(name: str, message: str) -> bool:
    """Return whether a system actor of this name may say a message of this name."""
    allowed = MAY_SAY.get(name)
    return allowed is None or message in allowed
