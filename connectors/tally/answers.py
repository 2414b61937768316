"""For the agent: what Tally's short answers say, and the documents of our own that it posts; pure.

Vouchers, masters and reports go to Munshi as Tally answered them. What Tally never reports, a deletion or a renamed
ledger, the agent finds by comparing lists, and tells in a MUNSHI document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import quoteattr

from connectors.contract import Observation
from connectors.tally.fields import day, whole
from connectors.tally.markup import Node, clean_text, plain, read_records
from connectors.tally.records import named
from kit.errors import Rejected

Entry = tuple[str, str]
"""(kind, external id) of one thing that a voucher made."""


@dataclass(frozen=True, slots=True)
class Company:
    """An open company; where `masters` or `vouchers` (highest alter ids) haven't moved, nothing has changed."""

    name: str
    guid: str
    books_from: date | None
    last_voucher: date | None
    masters: int
    vouchers: int


def read_companies(body: bytes) -> list[Company]:
    """Read the answer to `requests.companies` or `requests.alter_ids`; Rejected if it is a refusal."""
    return [
        Company(
            name=named(node),
            guid=node.said("GUID"),
            books_from=day(node.said("BOOKSFROM", "STARTINGFROM")),
            last_voucher=day(node.said("LASTVOUCHERDATE")),
            masters=whole(node.said("ALTMSTID")),
            vouchers=whole(node.said("ALTVCHID")),
        )
        for node in _records(body)
        if node.name == "COMPANY" and named(node)
    ]


def read_guids(body: bytes) -> dict[str, int]:
    """Read the answer to `requests.voucher_guids`: GUID → alter id; Rejected if it is a refusal."""
    return {
        guid: whole(node.said("ALTERID"))
        for node in _records(body)
        if node.name == "VOUCHER"
        and (guid := node.said("GUID") or plain(node.attributes.get("REMOTEID", "")))
    }


def _records(body: bytes) -> Iterable[Node]:
    for node in read_records(body):
        if node.name == "LINEERROR":
            raise Rejected(
                "tally.refused", f"Tally refused: {plain(node.text)[:200]}.", remedy="Open the company."
            )
        yield node


def together(company: str, answers: Sequence[bytes], *, as_on: date, above: int = 0) -> bytes:
    """Return one document of several answers (UTF-8): ledgers' groups and the vouchers that need them.

    `above` counts all alter ids in it above that one: after a restored backup set Tally's counter back.
    """
    parts = ["".join(clean_text(answer)) for answer in answers]
    return _document(company, as_on, "\n".join(parts), above=above)


def entries(observations: Iterable[Observation]) -> dict[str, list[Entry]]:
    """Return what each voucher made, by its GUID: to be kept, and told when the voucher is gone or makes less.

    `observations` are those of `observe` on the very body that is posted.
    """
    found: dict[str, list[Entry]] = {}
    for seen in observations:
        if (
            seen.sequence
            and seen.kind not in ("party", "opening")
            and not seen.external_id.startswith("opening#")
        ):
            found.setdefault(seen.external_id.partition("#")[0], []).append((seen.kind, seen.external_id))
    return found


def changes(
    company: str,
    *,
    as_on: date,
    alter: int,
    gone: Mapping[str, Sequence[Entry]],
    renamed: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return the document that tells what is gone (GUID → what it had made) and which ledgers were renamed.

    `alter` is the company's highest voucher alter id at that time: it places the deletion after all edits.
    """
    rows = [
        f"<DELETED GUID={quoteattr(guid)} ALTERID={quoteattr(str(alter))}>"
        + "".join(f"<ENTRY KIND={quoteattr(kind)} ID={quoteattr(key)}/>" for kind, key in made)
        + "</DELETED>"
        for guid, made in gone.items()
    ]
    rows += [
        f"<RENAMED FROM={quoteattr(old)} TO={quoteattr(new)} ALTERID={quoteattr(str(alter))}/>"
        for old, new in renamed
    ]
    return _document(company, as_on, "\n".join(rows))


def _document(company: str, as_on: date, inner: str, *, above: int = 0) -> bytes:
    later = f' ABOVE="{above}"' if above else ""
    head = f'<MUNSHI COMPANY={quoteattr(company)} ASON="{as_on:%Y%m%d}"{later}>'
    return f"{head}\n{inner}\n</MUNSHI>\n".encode()
