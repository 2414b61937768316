"""Who is who, as types: what is missing about a party, ledgers of one PAN, what held when."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.ids import global_id
from graph.types.basics import Counted, Money, PageInfo, money, page_info
from ledger.queries.identity import DataQuality, PartyGroups
from ledger.views.identity import PROBLEMS, DataQualityPage, PartyGaps, PartyGroupPage
from ledger.views.party_group import AttributeView, PartyGroupView


@strawberry.type(description="Something that is missing or odd.")
class DataProblem:
    """A problem."""

    code: str = strawberry.field(
        description="no_phone, odd_gstin, pan_differs, no_gstin, no_terms, no_state, same_phone, spellings or no_email."
    )
    words: str = strawberry.field(description="The same in words.")


@strawberry.type(description="How often something is missing or odd.")
class DataProblemCount:
    """A count."""

    problem: DataProblem = strawberry.field(description="What.")
    parties: int = strawberry.field(description="With how many parties.")


@strawberry.type(description="What is missing or odd about one party.")
class PartyGapsRow:
    """A row."""

    party_id: strawberry.ID = strawberry.field(description="The party.")
    name: str = strawberry.field(description="Its name.")
    net: Money = strawberry.field(description="What it owes, net.")
    problems: list[DataProblem] = strawberry.field(description="What, the most useful to mend first.")
    gstin: str | None = strawberry.field(description="Its GSTIN as it was typed.")
    odd_gstin: str | None = strawberry.field(description="What is odd about it, in words; null: nothing.")
    names: list[str] = strawberry.field(description="How its name is written, where in several ways.")


@strawberry.type(description="A party with what is missing about it, on a page.")
class PartyGapsEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this row.")
    node: PartyGapsRow = strawberry.field(description="The row.")


@strawberry.type(description="A page of what is missing about parties, the most money first.")
class DataQualityConnection(Counted):
    """A connection."""

    edges: list[PartyGapsEdge] = strawberry.field(description="The rows with their cursors.")
    nodes: list[PartyGapsRow] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    count: int = strawberry.field(description="With how many parties something is missing or odd.")
    parties: int = strawberry.field(description="How many parties there are.")
    counts: list[DataProblemCount] = strawberry.field(description="How often each thing.")


@strawberry.type(description="One ledger of a group.")
class PartyGroupMember:
    """A member."""

    party_id: strawberry.ID = strawberry.field(description="The party.")
    name: str = strawberry.field(description="Its name.")
    gstin: str | None = strawberry.field(description="Its own GSTIN.")
    net: Money = strawberry.field(description="Its own balance.")


@strawberry.type(description="Parties of one PAN: separate ledgers of one owner.")
class PartyGroup:
    """A group."""

    pan: str = strawberry.field(description="The PAN.")
    total: Money = strawberry.field(
        description="What its ledgers in the business's currency owe together; only shown, never set off."
    )
    members: list[PartyGroupMember] = strawberry.field(description="The ledgers, the largest balance first.")


@strawberry.type(description="A group on a page.")
class PartyGroupEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this group.")
    node: PartyGroup = strawberry.field(description="The group.")


@strawberry.type(description="A page of groups, the largest sum first.")
class PartyGroupConnection(Counted):
    """A connection."""

    edges: list[PartyGroupEdge] = strawberry.field(description="The groups with their cursors.")
    nodes: list[PartyGroup] = strawberry.field(description="The groups.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    count: int = strawberry.field(description="How many groups there are.")


@strawberry.type(description="A value that an attribute of a party had since a day.")
class PartyAttribute:
    """A value."""

    name: str = strawberry.field(description="terms_days, credit_limit (in paise), owner, gstin, address …")
    value: str | None = strawberry.field(description="The value; null: it was taken away.")
    since: date | None = strawberry.field(description="Since which day; null: as long as is known.")
    source: str = strawberry.field(description="Which source said so.")


def _problem(code: str) -> DataProblem:
    return DataProblem(code=code, words=PROBLEMS[code])


def data_quality(page: DataQualityPage, question: DataQuality) -> DataQualityConnection:
    """Return a page of what is missing."""
    nodes = [_gaps(row) for row in page.rows]
    return DataQualityConnection(
        question=question,
        edges=[PartyGapsEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        count=page.count,
        parties=page.parties,
        counts=[DataProblemCount(problem=_problem(code), parties=n) for code, n in page.counts.items()],
    )


def _gaps(row: PartyGaps) -> PartyGapsRow:
    return PartyGapsRow(
        party_id=global_id("Party", row.party_id),
        name=row.name,
        net=money(row.net, row.currency),
        problems=[_problem(code) for code in row.problems],
        gstin=row.gstin,
        odd_gstin=row.odd_gstin,
        names=list(row.names),
    )


def party_groups(page: PartyGroupPage, question: PartyGroups) -> PartyGroupConnection:
    """Return a page of groups."""
    nodes = [party_group(row) for row in page.rows]
    return PartyGroupConnection(
        question=question,
        edges=[PartyGroupEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        count=page.count,
    )


def party_group(view: PartyGroupView) -> PartyGroup:
    """Return one group."""
    members = [
        PartyGroupMember(
            party_id=global_id("Party", one.party_id),
            name=one.name,
            gstin=one.gstin,
            net=money(one.net, one.currency),
        )
        for one in view.members
    ]
    return PartyGroup(pan=view.pan, total=money(view.total, view.currency), members=members)


def attribute(view: AttributeView) -> PartyAttribute:
    """Return one value."""
    value = None if view.value is None else str(view.value)
    return PartyAttribute(name=view.name, value=value, since=view.since, source=view.source)
