"""Links to pages: made for who asks, opened as he is that day, taken back; and when somebody looked last."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from kit.errors import Denied, NotFound, Rejected
from kit.ids import business_key, digest, new_secret, uuid7
from ledger.commands.pages import MakePageLink, NoteLook, NotePageOpened, RevokePageLinks
from ledger.domain.roles import Actor, Permission
from ledger.handlers.chat import member_actor
from ledger.handlers.deciding import party_row
from ledger.handlers.registry import Context, handles
from ledger.handlers.token_actors import token_actor
from ledger.queries.pages import MyPageLinks, OpenPageLink
from ledger.store.membership import in_force
from ledger.views.pages import OpenedPage, PageLinkMade, PageLinkView

CUSTOMER, LEDGER, TIE_OUT, FRONT = "customer", "ledger", "tie_out", "front"
PAGES = (CUSTOMER, LEDGER, TIE_OUT, FRONT)
"""What a member makes a link to here; a link to a file of the trail is made by MakeAuditLink, and kept beside them."""
OF_ONE = (CUSTOMER, LEDGER)
LANGUAGES = ("en", "hi")
MOST_HOURS, MOST_LINKS = 24 * 7, 200
SAME_LOOK = timedelta(hours=3)
"""Looks at the front page nearer to each other than this are one look."""
_FORGOTTEN = timedelta(days=30)
_EARLIEST, _LATEST = date(1990, 1, 1), date(2199, 12, 31)

_LIVE = "l.revoked_at IS NULL AND l.expires_at > {now}"
_KEEP = """
INSERT INTO page_links (business_id, key_hash, id, member_id, page, party_anchor, since, until, language, token_id,
                        chat_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
_PARTY = """
LEFT JOIN LATERAL (
  SELECT p.id, p.name, p.owner FROM parties p WHERE p.business_id = l.business_id AND p.id = coalesce(
    (SELECT s.party_id FROM party_identities s WHERE s.business_id = l.business_id AND s.subject = l.party_anchor LIMIT 1),
    (SELECT a.id FROM parties a WHERE a.business_id = l.business_id AND a.anchor = l.party_anchor LIMIT 1))
) p ON true
"""
# A party that has become part of another since is found by the identity that it stood on.
_OPEN = f"""
SELECT l.id AS link_id, l.page, l.party_anchor, l.since, l.until, l.language AS link_language, l.token_id, l.chat_id,
       l.expires_at, p.id AS party_id, b.timezone, m.id, m.name, m.role, m.language, m.crm_owner, m.ends_at,
       m.chat_id AS own_chat
FROM page_links l
JOIN businesses b ON b.business_id = l.business_id
JOIN members m ON m.business_id = l.business_id AND m.id = l.member_id AND {in_force(now="$3")}
{_PARTY}
WHERE l.business_id = $1 AND l.key_hash = $2 AND {_LIVE.format(now="$3")}
"""
_OPENED = f"""
UPDATE page_links l SET opened_at = $3, opened = l.opened + 1
WHERE l.business_id = $1 AND l.key_hash = $2 AND {_LIVE.format(now="$3")}
"""
_MINE = f"""
SELECT l.id, l.page, p.id AS party_id, p.name AS party_name, l.created_at, l.expires_at, l.opened_at, l.opened
FROM page_links l {_PARTY}
WHERE l.business_id = $1 AND l.member_id = $2 AND {_LIVE.format(now="$3")}
  AND ($4::uuid IS NULL OR l.token_id = $4) ORDER BY l.created_at DESC, l.id
"""
_REVOKE = f"""
UPDATE page_links l SET revoked_at = $2
WHERE l.business_id = $1 AND {_LIVE.format(now="$2")} AND ($3::uuid IS NULL OR l.id = $3)
  AND ($4::uuid IS NULL OR l.member_id = $4) AND ($5::uuid IS NULL OR l.token_id = $5) RETURNING l.id
"""
# The look that this one belongs to, and the one before it: a page opened again within a look still tells what was new.
_LOOK = """
INSERT INTO page_looks AS o (business_id, member_id, looked_at, before) VALUES ($1, $2, $3, NULL)
ON CONFLICT (business_id, member_id) DO UPDATE SET
  looked_at = excluded.looked_at,
  before = CASE WHEN excluded.looked_at - o.looked_at > $4::interval THEN o.looked_at ELSE o.before END
RETURNING before
"""


@handles(MakePageLink, permission=Permission.SEE_RECEIVABLES, shown_once=True)
async def make_page_link(command: MakePageLink, ctx: Context) -> PageLinkMade:
    """Make a link for a member; what it shows is what he may see when it is opened."""
    _check(command)
    if command.page == TIE_OUT and not ctx.actor.may(Permission.SEE_PAYABLES):
        raise Denied("page.tie_out", "The tie-out shows what the firm owes.", remedy="Ask the owner.")
    anchor: UUID | None = None
    if command.page in OF_ONE:
        assert command.party_id is not None  # checked above
        anchor = (await party_row(ctx, command.party_id))["anchor"]
    chat = await _own_chat(ctx, command.chat_id) if command.chat_id is not None else None
    made = await keep_link(
        ctx, command.page, timedelta(hours=command.hours), anchor=anchor, since=command.since, until=command.until,
        language=command.language, chat=chat,
    )  # fmt: skip
    about = {"party": str(command.party_id)} if command.party_id is not None else {}
    ctx.audit(
        "page_link.made",
        subject_of(made),
        page=made.page,
        expires_at=made.expires_at.isoformat(),
        **about,
    )
    return made


async def keep_link(
    ctx: Context,
    page: str,
    life: timedelta,
    *,
    anchor: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    language: str | None = None,
    chat: int | None = None,
) -> PageLinkMade:
    """Make a link of the actor's own and keep the hash of its key; Denied for who is no member, Rejected one too many."""
    if ctx.actor.member_id is None:
        raise Denied("page.no_member", "A page is made for a member.", remedy="Ask as one.")
    await _tidy(ctx)
    link, key = uuid7(), business_key(ctx.actor.business_id, new_secret())
    await ctx.tx.run(
        _KEEP, ctx.actor.business_id, digest(key.encode()), link, ctx.actor.member_id, page, anchor, since, until,
        language or _spoken(ctx.actor.language), ctx.actor.token_id, chat, ctx.now, ctx.now + life,
    )  # fmt: skip
    return PageLinkMade(link, key, page, ctx.now + life)


def subject_of(made: PageLinkMade) -> str:
    """Return how the trail names a link."""
    return f"page_link:{made.id}"


def _check(command: MakePageLink) -> None:
    if command.page not in PAGES:
        raise Rejected(
            "page.unknown", f"{command.page[:20]!r} is no page.", remedy=f"Use {', '.join(PAGES)}."
        )
    if (command.page in OF_ONE) != (command.party_id is not None):
        raise Rejected(
            "page.party",
            "The pages customer and ledger are of one party, the others of none.",
            remedy="Say whose page it is." if command.page in OF_ONE else "Leave the party out.",
        )
    if not 1 <= command.hours <= MOST_HOURS:
        raise Rejected("page.hours", f"A link lives 1 to {MOST_HOURS} hours.")
    if command.language is not None and command.language not in LANGUAGES:
        raise Rejected("page.language", f"Pages are written in {', '.join(LANGUAGES)}.")
    if command.chat_id is not None and command.page != FRONT:
        raise Rejected("page.chat", "Only a front page is of several firms.")
    days = [day for day in (command.since, command.until) if day is not None]
    if days and command.page != LEDGER:
        raise Rejected("page.period", "Only a ledger opens with a period.", remedy="Leave it out.")
    if any(not _EARLIEST <= day <= _LATEST for day in days) or days != sorted(days):
        raise Rejected("page.period", "The period ends before it begins.", remedy="Choose another one.")


def _spoken(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]


async def _own_chat(ctx: Context, chat_id: int) -> int:
    """Return the chat if it is the maker's own: only there is he known to be the same person in every firm."""
    own = await ctx.tx.value(
        "SELECT chat_id FROM members WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        ctx.actor.member_id,
    )
    if own != chat_id or ctx.actor.token_id is not None:
        raise Denied("page.foreign_chat", "That chat is somebody else's.", remedy="Ask in your own chat.")
    return chat_id


async def _tidy(ctx: Context) -> None:
    """Forget links that ended long ago; Rejected where somebody has too many that live."""
    tenant, member = ctx.actor.business_id, ctx.actor.member_id
    await ctx.tx.run(
        "DELETE FROM page_links WHERE business_id = $1 AND member_id = $2 AND expires_at < $3",
        tenant, member, ctx.now - _FORGOTTEN,
    )  # fmt: skip
    live = await ctx.tx.value(
        f"SELECT count(*) FROM page_links l WHERE l.business_id = $1 AND l.member_id = $2 AND {_LIVE.format(now='$3')}",
        tenant, member, ctx.now,
    )  # fmt: skip
    if live >= MOST_LINKS:
        raise Rejected(
            "page.too_many",
            f"{live} links of yours still work.",
            remedy="Take back those that you don't use.",
        )


@handles(OpenPageLink, permission=Permission.SYSTEM)
async def open_page_link(question: OpenPageLink, ctx: Context) -> OpenedPage:
    """Answer with where a link leads, for its maker as he is now; one sentence for all the ways in which it doesn't."""
    row = await ctx.tx.row(_OPEN, ctx.actor.business_id, question.key_hash, ctx.now)
    actor = await _maker(row, ctx) if row is not None else None
    if row is None or actor is None or (row["page"] in OF_ONE and row["party_id"] is None):
        raise NotFound("page.gone", "There is no such page.", remedy="Ask for a new link in the chat.")
    return OpenedPage(
        id=row["link_id"],
        page=row["page"],
        actor=actor,
        party_id=row["party_id"],
        since=row["since"],
        until=row["until"],
        language=row["link_language"],
        chat_id=row["chat_id"] if row["chat_id"] == row["own_chat"] else None,
        expires_at=row["expires_at"],
        timezone=row["timezone"],
    )


async def _maker(row: Any, ctx: Context) -> Actor | None:
    """Return the link's maker as he is now: the member, or the token that he used, while it works."""
    if row["token_id"] is None:
        return member_actor(ctx.actor.business_id, row)
    return await token_actor(ctx, row["token_id"])


@handles(NotePageOpened, permission=Permission.SYSTEM)
async def note_page_opened(command: NotePageOpened, ctx: Context) -> None:
    """Keep when a page was looked at last, and how often."""
    await ctx.tx.run(_OPENED, ctx.actor.business_id, command.key_hash, ctx.now)


@handles(NoteLook, permission=Permission.SYSTEM)
async def note_look(command: NoteLook, ctx: Context) -> datetime | None:
    """Keep that somebody looks now, and answer with the look before."""
    before: datetime | None = await ctx.tx.value(
        _LOOK, ctx.actor.business_id, command.member_id, ctx.now, SAME_LOOK
    )
    return before


@handles(MyPageLinks, permission=Permission.SEE_RECEIVABLES)
async def my_page_links(_: MyPageLinks, ctx: Context) -> tuple[PageLinkView, ...]:
    """Answer with one's own links that work; a token sees those that it made."""
    if ctx.actor.member_id is None:
        return ()
    rows = await ctx.tx.fetch(_MINE, ctx.actor.business_id, ctx.actor.member_id, ctx.now, ctx.actor.token_id)
    return tuple(PageLinkView(**row) for row in rows)


@handles(RevokePageLinks, permission=Permission.SEE_RECEIVABLES)
async def revoke_page_links(command: RevokePageLinks, ctx: Context) -> int:
    """Take back links: one's own; of anybody's, the owner one by its id. A token takes back what it made."""
    anybody = command.link_id is not None and ctx.actor.may(Permission.ADMINISTER)
    rows = await ctx.tx.fetch(
        _REVOKE,
        ctx.actor.business_id,
        ctx.now,
        command.link_id,
        None if anybody else ctx.actor.member_id or UUID(int=0),
        None if anybody else ctx.actor.token_id,
    )
    if command.link_id is not None and not rows:
        raise NotFound("page.not_found", "There is no such link, or it works no more.")
    for row in rows:
        ctx.audit("page_link.revoked", f"page_link:{row['id']}")
    return len(rows)
