"""Every field of the schema as calls: what it takes is filled in by the names of its arguments, ids by whose they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast
from uuid import UUID

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_leaf_type,
)

from graph import limits
from graph.ids import NODE_TYPES, global_id
from graph.schema import prepare, schema

CORE = schema._schema
ROOTS: dict[str, dict[str, GraphQLField]] = {
    "query": dict(sorted(CORE.query_type.fields.items())),  # type: ignore[union-attr]
    "mutation": dict(sorted(CORE.mutation_type.fields.items())),  # type: ignore[union-attr]
    "subscription": dict(sorted(CORE.subscription_type.fields.items())),  # type: ignore[union-attr]
}
SCALARS: dict[str, Any] = {
    "String": "x", "Int": 1, "Boolean": False, "Minor": 100, "Date": "2026-11-20", "Time": "09:00:00",
    "DateTime": "2026-11-21T09:00:00+05:30", "JSON": {}, "Secret": "a secret of ours", "Float": 1.5,
}  # fmt: skip
WORDS: dict[str, Any] = {
    "outcome": "no_answer", "method": "bank", "habit": "oldest_first", "learn": "once", "language": "en",
    "theme": "light", "role": "view", "answer": "accountant", "span": "week", "quarter": 1, "fy": "2026-27",
    "mediaType": "image/jpeg", "content": "eA==", "filename": "x.jpg", "connector": "standard", "columns": None,
    "fingerprint": None, "streams": [], "credentials": [], "events": None, "permissions": None, "validDays": 5,
    "hours": 5, "validMinutes": 5, "keepHours": 1, "day": 5, "months": None, "hundredths": 575, "begins": "2026-12-01",
    "activity": "manufacturing", "registeredOn": "2020-01-01", "upiId": "x@okicici", "ifsc": "ICIC0000104",
    "phone": "+919800012345", "url": "https://hooks.example/x", "gstin": "27AAPFU0939F1ZV", "first": 3, "days": None,
    "skip": 0, "rule": "orphan_invoice", "place": 1, "overruled": None, "overrule": None, "settings": None,
    "digestAt": None, "holidays": None, "version": None, "seen": None, "asOf": None, "knownAt": None, "after": None,
    "asOn": None, "since": None, "until": "2026-12-31", "afterSequence": None, "sequence": None, "types": None,
    "actions": None, "sources": None, "kinds": None, "status": None, "idempotencyKey": None, "insteadOf": None,
    "quarantine": False, "code": None, "alerts": None, "overdueOnly": False, "company": None, "promisedOn": None,
    "direction": None, "balance": None, "matching": None, "arrived": None, "days of expectedMoney": 31, "version of PublishRuleInput": 0, "version of RevertRuleInput": 1, "status of conflicts": "OPEN",
    "status of quarantine": "OPEN",
    "kind of claimDeduction": "tds", "kind of ShareInput": "receipt", "kind of classifyMoney": "not_sale",
    "kind of MarkVendorInput": "micro", "kind of LedgerNameInput": "tds", "kind of SetMsmedInput": "micro",
    "kind of StateDueInput": "rent", "kind of RemapStatusInput": "deal", "kind of switchAlert": "question",
    "status of RemapStatusInput": "deal.won", "qualifier": "", "kind of toldMe": None, "until of ReopenPeriodInput": "2026-07-23",
    "until of ClosePeriodInput": "2026-08-23", "until of afterClosing": "2026-07-23", "until of AuditFilterInput": None,
    "until of SnoozeConflictInput": "2026-12-31T09:00:00+05:30", "until of TimelineFilter": None, "until of setQuietHours": "07:00:00",
    "text of PublishRuleInput": "name = 'x'", "role of AddMemberInput": "view", "role of ChangeMemberInput": None,
    "name of addMember": "x", "since of StartBackfillInput": "2026-11-01", "until of StartBackfillInput": None,
    "since of ReplayWebhookInput": None, "source of ReplayInput": None, "label": "x", "until of limitMembership": None,
}  # fmt: skip
"""What an argument is given that isn't an id, by its name, or by its name and where it stands."""
KINDS = {
    "partyId": "Party", "party": "Party", "otherId": "Party", "invoiceId": "Invoice", "invoiceIds": "Invoice",
    "conflictId": "Conflict", "receiptId": "Receipt", "memberId": "Member", "memberId of assignConflict": "member",
    "insteadOf": "member", "webhookId": "Webhook",
    "ids of SetAsideInput": "QuarantinedPart", "tokenId": "token", "linkId": "page link", "decisionId": "decision",
    "claimId": "claim", "paymentId": "payment", "bulkId": "bulk", "chequeId": "cheque", "id of EndDueInput": "due",
    "id of StateDueInput": "due", "key of RefuseDueInput": "recurring",
}  # fmt: skip
"""Whose id an argument is: a type of node, or a thing that is named by its bare id."""
ANY = ("of of timeline", "id of node", "ids of nodes")
"""What takes the id of any node."""
NO_IDS = ("answer",)
"""Called an ID, and the word of an answer."""
NAMES = (
    "source", "name of PullSourceInput", "name of ChangeSourceInput", "name of SetCredentialsInput",
    "name of StartBackfillInput", "name of RotateSourceSecretInput", "text of findParty", "search", "reference",
    "number of InvoiceFilter", "number of VendorBillFilter", "number of ChequeFilter", "number of CreditNoteFilter", "utr",
    "account of BankLineFilter", "amount of findMoney", "amount of ReceiptFilter", "amount of PayoutFilter",
    "amount of BankLineFilter", "subject", "actor", "owner", "pan", "gstin of PartyFilter", "word", "externalId",
    "attachment", "customersOf",
)  # fmt: skip
"""What names something by the firm's own words and numbers: taken from the firm whose things are asked for."""
DEPTH = 4
Slot: TypeAlias = str
Giving: TypeAlias = Callable[[Slot], Any]


class Unfilled(AssertionError):
    """An argument that nobody said how to fill in."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(
            f"{where}: nothing is known of {what}. Say in tests/graph/isolation/calls.py whose id it is (KINDS), "
            "that it is a name (NAMES), or what to give it (WORDS)."
        )


@dataclass(slots=True)
class Filling:
    """Fills the arguments of a field; ids and names are asked for by their slots, which are collected."""

    where: str
    give: Giving
    slots: set[Slot] = field(default_factory=set)

    def value(self, name: str, kind: Any, owner: str) -> Any:
        """Return a value of an argument or of a field of an input."""
        match kind:
            case GraphQLNonNull():
                return self.value(name, kind.of_type, owner)
            case GraphQLList():
                given = self.value(name, kind.of_type, owner)
                return given if given is None or isinstance(given, list) else [given]
        here = f"{name} of {owner}"
        if kind.name == "ID" and name not in NO_IDS:
            return self._slot(self._kind(name, here))
        for one in (here, name):
            if one in NAMES:
                return self._slot(one.partition(" ")[0] if one != "text of findParty" else "search")
        for one in (here, name):
            if one in WORDS and not (
                isinstance(kind, GraphQLEnumType) and WORDS[one] not in (None, *kind.values)
            ):
                return WORDS[one]
        if isinstance(kind, GraphQLInputObjectType):
            return {key: self.value(key, one.type, kind.name) for key, one in kind.fields.items()}
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values))
        if kind.name not in SCALARS:
            raise Unfilled(self.where, f"the scalar {kind.name}")
        return SCALARS[kind.name]

    def _kind(self, name: str, here: str) -> str:
        if here in ANY:
            return "node"
        found = KINDS.get(here, KINDS.get(name))
        if found is None and name == "id":
            found = (
                get_named_type(ROOTS["query"][self.where].type).name if self.where in ROOTS["query"] else None
            )
            found = found if found in NODE_TYPES else None
        if found is None:
            raise Unfilled(self.where, f"the id {here!r}")
        return found

    def _slot(self, slot: Slot) -> Any:
        self.slots.add(slot)
        return self.give(slot)


def filled(
    name: str, of: GraphQLField, args: Iterable[str], give: Giving
) -> tuple[dict[str, Any], set[Slot]]:
    """Return a value for each of these arguments, and the slots that were asked for."""
    filling = Filling(name, give)
    values = {one: filling.value(one, of.args[one].type, name) for one in args}
    return values, filling.slots


def ways(of: GraphQLField) -> list[tuple[str, ...]]:
    """Return which arguments are given: all of them, those that one has to, and each of the others beside those."""
    needed = tuple(
        name
        for name, one in of.args.items()
        if isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined
    )
    alone = [
        (*needed, name)
        for name, one in of.args.items()
        if get_named_type(one.type).name == "ID" and name not in needed
    ]
    return list(dict.fromkeys((tuple(of.args), needed, *alone)))


# ---- what is asked of the answer ---------------------------------------------------------------------
def chosen(kind: Any, depth: int) -> str:
    """Return a selection of everything that needs no argument, so many objects deep."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        return "{ __typename }"
    parts = ["__typename"]
    for name, one in named.fields.items():
        if any(
            isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined
            for argument in one.args.values()
        ):
            continue
        inner = get_named_type(one.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif depth > 1:
            first = "(first: 1)" if "first" in one.args else ""
            parts.append(f"{name}{first} {chosen(inner, depth - 1)}")
    return "{ " + " ".join(parts) + " }"


def documents(operation: str, name: str, of: GraphQLField, args: Iterable[str]) -> list[str]:
    """Return calls with arguments as variables, one for each type that may answer, as deep as the limits let it be."""
    declared = ", ".join(f"${one}: {of.args[one].type}" for one in args)
    passed = ", ".join(f"{one}: ${one}" for one in args)
    head = f"{operation}{f'({declared})' if declared else ''} {{ {name}{f'({passed})' if passed else ''} "
    named = get_named_type(of.type)
    depths = range(DEPTH, 0, -1)
    if is_leaf_type(named) or isinstance(named, GraphQLObjectType):
        return [deepest(name, [f"{head}{chosen(named, depth)} }}" for depth in depths])]
    return [
        deepest(
            f"{name} {one.name}",
            [f"{head}{{ __typename ... on {one.name} {chosen(one, depth)} }} }}" for depth in depths],
        )
        for one in CORE.get_possible_types(cast(GraphQLAbstractType, named))
    ]


def deepest(what: str, texts: Iterable[str]) -> str:
    """Return the first of these that the limits let through."""
    for text in texts:
        if len(text) > limits.MAX_QUERY:
            continue
        try:
            errors = prepare(text).errors
        except GraphQLError:  # over a limit: one less deep
            continue
        assert not errors, (what, errors)
        return text
    raise AssertionError(f"no selection of {what} is within the limits")


def nested_lists() -> Iterator[tuple[str, str]]:
    """Yield each page within a node: the node's type and the field."""
    for kind in NODE_TYPES:
        for name, one in cast(GraphQLObjectType, CORE.type_map[kind]).fields.items():
            if "after" in one.args:
                yield kind, name


def spelt(slot: Slot, key: Any) -> Any:
    """Return an id as a caller writes it: global for a node, bare for the rest."""
    return str(global_id(slot, key)) if slot in NODE_TYPES and isinstance(key, UUID) else str(key)


def without(body: str, given: Iterable[Any]) -> str:
    """Return an answer with what was put in taken out, in every form of it."""
    for one in sorted({str(one) for one in given}, key=len, reverse=True):
        for form in (json.dumps(one)[1:-1], one):
            body = body.replace(form, "<given>")
    return body
