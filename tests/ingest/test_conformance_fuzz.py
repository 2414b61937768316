"""What every connector promises about bodies gone wrong: no error but Rejected, no float, and no row lost."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, Observed, connector_names, load_connector, load_manifest
from ingest.normalise import normalise, status_map
from kit.errors import Rejected
from kit.json import read_json
from tests.connectors import casebook
from tests.connectors.casebook import NOW, Case
from tests.connectors.mutations import (
    ODD,
    Spoilt,
    at_place,
    dumped,
    element,
    elements,
    nth,
    places,
    put,
    rewritten,
    row_doubled,
    row_elements,
    row_emptied,
    row_lists,
    spoil,
    spoilt_bytes,
    spoilt_json,
    spoilt_xml,
    tree,
    without_row,
)
from tests.ingest.test_conformance import check_wanted, odd

NAMES = connector_names()
LARGEST = 64 * 1024
"""Cases beyond this are for goldens; mutations of them find nothing that small ones don't."""
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def small(name: str) -> list[Case]:
    return [case for case in casebook.cases_of(name) if len(case.inbound.body) <= LARGEST]


def having(kind: Callable[[Case], Any]) -> list[str]:
    """The connectors that have a case of this kind."""
    return [name for name in NAMES if any(kind(case) is not None for case in small(name))]


def read(case: Case, body: bytes) -> Observed | None:
    """Observe a spoilt body and check all that holds for any; None if it was rejected."""
    try:
        observed = case.observe(body)
    except Rejected as refusal:
        str(refusal).encode()  # it can be shown
        return None
    manifest = load_manifest(case.connector)
    assert len(observed.version) <= 40
    for seen in observed.observations:
        assert not any(isinstance(value, float) for value in odd(seen.data)), seen
    check_wanted(manifest, observed)
    normalised = case.normalise(observed)
    for event in normalised.events:
        assert odd(event.data) == [], event
        assert b"\x00" not in orjson.dumps(event.data).replace(b"\\\\", b"").replace(b"\\u0000", b"\x00")
        assert len(event.digest()) == 32
    for part in normalised.quarantined:
        orjson.dumps([part.code])
    told = len(normalised.events) + len(normalised.quarantined) + len(normalised.ignored)
    assert told >= len(observed.observations) + len(observed.unreadable) + len(observed.ignored)
    return observed


# ---- no error but Rejected -------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
@settings(calm, max_examples=60)
@given(body=st.binary(max_size=400))
def test_any_bytes_are_read_or_rejected(name: str, body: bytes):
    manifest = load_manifest(name)
    for stream in (None, *(stream.name for stream in manifest.streams)):
        inbound = Inbound(body, filename="a.csv" if stream is None else None, stream=stream)
        try:
            observed = load_connector(name).observe(
                inbound, source=manifest.source_prefix, settings={}, now=NOW
            )
        except Rejected:
            continue
        normalise(observed, status_map(manifest), received_at=NOW)


@pytest.mark.parametrize("name", having(str))
@settings(calm, max_examples=80)
@given(data=st.data())
def test_spoilt_bytes_are_read_or_rejected(name: str, data: st.DataObject):
    spoilt: Spoilt = data.draw(spoilt_bytes(small(name)))
    read(*spoilt)


@pytest.mark.parametrize("name", having(tree))
@settings(calm, max_examples=150)
@given(data=st.data())
def test_spoilt_json_is_read_or_rejected(name: str, data: st.DataObject):
    read(*data.draw(spoilt_json([case for case in small(name) if tree(case) is not None])))


@pytest.mark.parametrize("name", having(element))
@settings(calm, max_examples=100)
@given(data=st.data())
def test_spoilt_xml_is_read_or_rejected(name: str, data: st.DataObject):
    read(*data.draw(spoilt_xml([case for case in small(name) if element(case) is not None])))


@pytest.mark.parametrize("name", having(tree))
def test_every_member_is_met_by_null_a_list_an_object_and_a_huge_number(name: str):
    """Not left to chance: each member that the cases have, one after another, in the first row that has it."""
    met: set[tuple[object, ...]] = set()
    for case in small(name):
        for place in places(tree(case)) if tree(case) is not None else ():
            member = (case.inbound.stream, *("[]" if isinstance(key, int) else key for key in place))
            if member not in met:
                met.add(member)
                for item in (None, [], {}, [{}], "", 2**70):
                    read(case, dumped(put(tree(case), place, item)))


@pytest.mark.parametrize("name", having(element))
def test_every_element_is_met_by_nothing_junk_and_a_long_number(name: str):
    for case in small(name):
        for at in elements(case)[:400]:
            for text in ("", "junk", "9" * 40, "-0.5", "\u202e"):

                def put_in(root: ET.Element, at: int = at, text: str = text) -> None:
                    found = nth(root, at)
                    found.clear()
                    found.text = text

                read(case, rewritten(case, put_in))


# ---- no lost row -----------------------------------------------------------------------------------
def told(observed: Observed | None) -> int:
    """How much a body said, what could not be read and what bears on nothing counted in."""
    if observed is None:
        return 0
    parts = (observed.observations, observed.unreadable, observed.ignored, observed.wanted)
    return sum(len(part) for part in parts)


def things(observed: Observed | None) -> set[tuple[str, str]]:
    """What a body is about: the things observed and the objects wanted.

    Lines of a bank are only counted: their identity holds a balance and an ordinal, which neighbours may change.
    """
    if observed is None:
        return set()
    seen_as = {
        (seen.kind, str(number) if seen.kind == "bank_line" else seen.external_id)
        for number, seen in enumerate(observed.observations)
    }
    return seen_as | {(f"wanted {item.stream}", item.external_id) for item in observed.wanted}


def count(case: Case, body: bytes) -> int:
    """How much a body says; nothing where the connector fails, which is for the tests to tell, not for this list."""
    try:
        return told(case.observe(body))
    except Exception:
        return 0


def listed() -> list[tuple[Case, tuple[str | int, ...]]]:
    """Every case that is a list of rows, with the place of the list; the first six of each connector."""
    found = []
    for name in NAMES:
        cases = [
            (case, place)
            for case in small(name)
            for place in row_lists(case, lambda body, case=case: count(case, body))
        ]
        found += cases[:6]
    return found


def listed_in_xml() -> list[tuple[Case, int, list[int]]]:
    """Every case that is XML with rows in it; the first six of each connector."""
    found = []
    for name in having(element):
        cases = [
            (case, at, rows)
            for case in small(name)
            for at, rows in row_elements(case, lambda body, case=case: count(case, body))
        ]
        found += cases[:6]
    return found


def refused_as_a_whole(case: Case, body: bytes) -> bool:
    """Whether a bank statement is refused because its balances no longer add up: then none of its rows is sure."""
    if load_manifest(case.connector).family != "bank":
        return False
    try:
        case.observe(body)
    except Rejected as refusal:
        return refusal.code.startswith("statement.")
    return False


LISTED, XML_LISTED = listed(), listed_in_xml()


@pytest.mark.parametrize(
    ("case", "place"), LISTED, ids=lambda part: str(part) if isinstance(part, Case) else ""
)
def test_a_row_that_is_doubled_takes_no_other_away(case: Case, place):
    rows, before = at_place(tree(case), place), things(read(case, case.inbound.body))
    for row in rows:
        for doubled in ([*rows, row], [row, *rows]):
            body = dumped(put(tree(case), place, doubled))
            again = things(read(case, body))
            if refused_as_a_whole(case, body):
                continue
            assert before <= again, f"lost: {before - again}"


@pytest.mark.parametrize(
    ("case", "place"), LISTED, ids=lambda part: str(part) if isinstance(part, Case) else ""
)
def test_a_row_that_is_no_row_costs_only_itself_and_is_told(case: Case, place):
    rows = at_place(tree(case), place)
    for at in range(min(len(rows), 5)):
        others = read(case, dumped(put(tree(case), place, [*rows[:at], *rows[at + 1 :]])))
        for junk in (None, 7, "junk", [], {}):
            body = dumped(put(tree(case), (*place, at), junk))
            spoilt = read(case, body)
            if refused_as_a_whole(case, body):
                continue
            assert things(others) <= things(spoilt), (
                f"{junk!r} in row {at} cost {things(others) - things(spoilt)}"
            )
            assert told(spoilt) > told(others), f"{junk!r} in row {at} went without a word"


@pytest.mark.parametrize(
    ("case", "at", "rows"), XML_LISTED, ids=lambda part: str(part) if isinstance(part, Case) else ""
)
def test_an_xml_row_that_is_doubled_or_emptied_takes_no_other_away(case: Case, at: int, rows: list[int]):
    before = things(read(case, case.inbound.body))
    for row in rows[:5]:
        doubled = row_doubled(case, at, row)
        if not refused_as_a_whole(case, doubled):
            assert before <= things(read(case, doubled))
        others, emptied = without_row(case, at, row), row_emptied(case, at, row)
        if not refused_as_a_whole(case, emptied):
            assert things(read(case, others)) <= things(read(case, emptied))


@pytest.mark.skipif(not LISTED, reason="no case is a list")
@settings(calm, max_examples=200)
@given(data=st.data())
def test_a_spoilt_row_costs_only_itself(data: st.DataObject):
    case, place = data.draw(st.sampled_from(LISTED))
    rows = at_place(tree(case), place)
    at = data.draw(st.integers(0, len(rows) - 1))
    inner = data.draw(st.sampled_from(places(rows[at])[1:] or [()]))
    changed = spoil(data.draw, tree(case), (*place, at, *inner))
    try:
        read_json(dumped(changed))
    except Rejected:
        return  # no longer JSON: the whole body is kept in quarantine
    others = read(case, dumped(put(tree(case), place, [*rows[:at], *rows[at + 1 :]])))
    spoilt = read(case, dumped(changed))
    assert refused_as_a_whole(case, dumped(changed)) or things(others) <= things(spoilt), json.dumps(
        at_place(changed, (*place, at))
    )[:500]


def test_the_odd_values_are_written_as_they_are_meant():
    assert json.loads(dumped([ODD[0], "\u0001raw:1.5", {"a": "\u0001raw:1E+3"}])) == [
        None,
        1.5,
        {"a": 1000.0},
    ]
