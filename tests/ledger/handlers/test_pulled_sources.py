"""Credentials sealed, settings changed, streams made due, seals renewed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ingest.cursors import sources_due
from kit.database import transaction
from kit.errors import NotFound, Rejected, SourceBroken
from kit.sealing import Seal, new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import (
    AddSource,
    ChangeSource,
    PullSource,
    RenewSeals,
    RotateSourceSecret,
    SetCredentials,
    StartBackfill,
)
from ledger.queries import Sources, Streams, WriteBacks
from ledger.views import WriteBackView

NAME = "payment:razorpay"
MARKER = "marker-9f2e"


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
async def source(door, owner) -> str:
    await door.execute(AddSource(NAME, "razorpay", "Razorpay", {"account_number": "77"}, "whsec"), owner)
    return NAME


async def column(door, business, name: str) -> Any:
    async with transaction(door.engine, [business]) as tx:
        return await tx.value(f"SELECT {name} FROM sources WHERE business_id = $1", business)


async def put_stream(door, business, *, failures: int = 0, hours: int = 3) -> None:
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            "INSERT INTO pulls (business_id, source, stream, lane, due_at, failures, error, error_code)"
            " VALUES ($1, $2, 'payments', 'live', $3, $4, 'It does not let us in.', 'vendor.unauthorised')",
            business,
            NAME,
            door.clock() + timedelta(hours=hours),
            failures,
        )


async def test_credentials_are_sealed_merged_and_never_told(door, owner, business, source) -> None:
    assert await door.execute(SetCredentials(NAME, {"key_id": "id1", "key_secret": MARKER}), owner) == (
        "key_id",
        "key_secret",
    )
    await door.execute(SetCredentials(NAME, {"key_id": " id2 "}), owner)
    stored = bytes(await column(door, business, "credentials"))
    assert MARKER.encode() not in stored
    assert process_seal().open_fields(stored) == {"key_id": "id2", "key_secret": MARKER}
    async with transaction(door.engine, [business]) as tx:
        trail = await tx.fetch(
            "SELECT action, entry::text AS entry FROM audit WHERE action LIKE 'source.cred%'"
        )
    assert len(trail) == 2
    assert all(MARKER not in row["entry"] and "id2" not in row["entry"] for row in trail)


async def test_new_credentials_drop_the_token_of_the_old_ones_and_make_the_source_due(
    door, owner, business, source
) -> None:
    await put_stream(door, business, failures=3)
    await door.execute(
        SetCredentials(NAME, {"refresh_token": "a", "access_token": "t", "expires_at": "9"}), owner
    )
    await door.execute(SetCredentials(NAME, {"refresh_token": "b"}), owner)
    held = process_seal().open_fields(bytes(await column(door, business, "credentials")))
    assert held == {"refresh_token": "b"}
    assert (await door.query(Streams(NAME), owner))[0].due_at == door.clock()


async def test_a_source_is_due_for_its_first_visit_once_it_has_credentials(door, owner, source) -> None:
    assert await door.execute(PullSource(NAME), owner) == 0
    assert await sources_due(door.engine, door.clock()) == []
    await door.execute(SetCredentials(NAME, {"key_id": "id1"}), owner)
    assert [due.source for due in await sources_due(door.engine, door.clock())] == [NAME]
    await door.execute(SetCredentials(NAME, {"key_secret": "s"}), owner)
    assert len(await sources_due(door.engine, door.clock())) == 1
    assert await door.query(Streams(NAME), owner) == (), "its streams show when they are read"


@pytest.mark.parametrize("credentials", [{}, {"Key": "x"}, {"key": ""}, {"key": "a\nb"}, {"key": "x" * 5000}])
async def test_credentials_that_can_not_be_are_refused_without_repeating_them(
    credentials, door, owner, source
) -> None:
    with pytest.raises(Rejected) as caught:
        await door.execute(SetCredentials(NAME, credentials), owner)
    assert "x" * 50 not in str(caught.value)


async def test_settings_are_changed_one_by_one(door, owner, business, source) -> None:
    await door.execute(ChangeSource(NAME, settings={"mode": "live", "silence_hours": 5}), owner)
    names = await door.execute(
        ChangeSource(NAME, label="Pay", write_back=True, settings={"account_number": None}), owner
    )
    assert names == ("mode",)
    assert await column(door, business, "settings") == {"mode": "live"}
    view = (await door.query(Sources(), owner))[0]
    assert (view.label, view.write_back, view.silence_hours) == ("Pay", True, 5)
    await door.execute(ChangeSource(NAME, enabled=False), owner)
    assert (await door.query(Sources(), owner))[0].state == "disabled"


async def test_a_source_none_of_whose_streams_can_be_read_is_failing_and_says_why(
    door, owner, business, source
) -> None:
    await put_stream(door, business, failures=1)
    view = (await door.query(Sources(), owner))[0]
    assert (view.state, view.problem, view.pulled) == ("failing", "It does not let us in.", True)
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            "INSERT INTO pulls (business_id, source, stream, lane, watermark) VALUES ($1, $2, 'refunds', 'live', $3)",
            business,
            NAME,
            door.clock(),
        )
    view = (await door.query(Sources(), owner))[0]
    assert view.state == "failing", "the others wait for the one that isn't let in"
    assert view.read_until == door.clock()
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE pulls SET error_code = 'vendor.forbidden' WHERE stream = 'payments'")
    view = (await door.query(Sources(), owner))[0]
    assert (view.state, view.failing_streams) == ("never", ("payments",)), "one of them reads well"
    assert (view.problem, view.read_until) == ("It does not let us in.", None)


async def test_a_fault_of_all_is_over_when_any_stream_was_read_since(door, owner, business, source) -> None:
    """A backfill that wasn't let in hours ago says nothing of a source that has been read with a new token."""
    await put_stream(door, business, failures=1)
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE pulls SET lane = 'backfill', started_at = $1", door.clock())
        await tx.run(
            "INSERT INTO pulls (business_id, source, stream, lane) VALUES ($1, $2, 'payments', 'live')",
            business,
            NAME,
        )
    assert (await door.query(Sources(), owner))[0].state == "failing"
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE pulls SET done_at = $1 WHERE lane = 'live'", door.clock() + timedelta(seconds=1))
    view = (await door.query(Sources(), owner))[0]
    assert (view.state, view.problem) == ("never", None)


async def test_a_source_is_read_now_when_somebody_asks(door, owner, business, source) -> None:
    await put_stream(door, business)
    assert await door.execute(PullSource(NAME), owner) == 1
    assert (await door.query(Streams(NAME), owner))[0].due_at == door.clock()
    assert await door.execute(PullSource(NAME, ("refunds",)), owner) == 0


async def test_a_backfill_begins_at_its_end(door, owner, source) -> None:
    now = door.clock()
    await door.execute(StartBackfill(NAME, ("payments",), now - timedelta(days=400)), owner)
    row = (await door.query(Streams(NAME), owner))[0]
    assert (row.lane, row.goal, row.window_to, row.due_at) == (
        "backfill",
        now - timedelta(days=400),
        now,
        now,
    )
    for since in (now, now - timedelta(days=9000)):
        with pytest.raises(Rejected):
            await door.execute(StartBackfill(NAME, ("payments",), since), owner)


async def test_an_unknown_source_is_not_found(door, owner) -> None:
    for command in (
        SetCredentials("x:y", {"a": "b"}),
        ChangeSource("x:y"),
        PullSource("x:y"),
        StartBackfill("x:y", ("a",), door.clock()),
    ):
        with pytest.raises(NotFound):
            await door.execute(command, owner)
    with pytest.raises(NotFound):
        await door.query(Streams("x:y"), owner)


async def test_seals_are_renewed_so_that_the_old_key_can_go(
    door, owner, clerk, business, source, monkeypatch
) -> None:
    await door.execute(SetCredentials(NAME, {"key_secret": MARKER}), owner)
    old, new = settings().munshi_secret_key.get_secret_value(), new_seal_key()
    monkeypatch.setenv("MUNSHI_SECRET_KEY", f"{new},{old}")
    settings.cache_clear()
    process_seal.cache_clear()
    with pytest.raises(SourceBroken):
        Seal(new).open_fields(bytes(await column(door, business, "credentials")))
    assert await door.execute(RenewSeals(), clerk) == 1
    assert Seal(new).open_fields(bytes(await column(door, business, "credentials"))) == {"key_secret": MARKER}
    assert Seal(new).open(bytes(await column(door, business, "secrets"))) == ("whsec",)


async def test_what_of_our_state_was_sent_waits_and_was_refused_is_counted(door, owner, business) -> None:
    async with transaction(door.engine, [business]) as tx:
        for number, (status, error) in enumerate(
            [
                ("sent", None),
                ("sent", "an old one"),
                ("queued", None),
                ("sending", "It was busy."),
                ("stopped", None),
                ("refused", "The record is gone."),
                ("refused", "The field is closed."),
            ]
        ):
            await tx.run(
                "INSERT INTO write_backs (business_id, source, kind, external_id, subject, desired, digest, status, error,"
                " changed_at, due_at, sent_at) VALUES ($1, 'crm:hubspot', 'party', $2, gen_random_uuid(), '{}', '', $3::text, $4,"
                " $5::timestamptz, $5::timestamptz, CASE WHEN $3 = 'sent' THEN $5::timestamptz END)",
                business,
                str(number),
                status,
                error,
                door.clock() + timedelta(minutes=number),
            )
    found = await door.query(WriteBacks(("crm:hubspot", NAME)), owner)
    assert found == {
        "crm:hubspot": WriteBackView(2, 2, 1, 2, "The field is closed.", door.clock() + timedelta(minutes=1))
    }


async def test_a_source_that_is_switched_off_is_not_promised_to_be_read(door, owner, source) -> None:
    await door.execute(ChangeSource(source, enabled=False), owner)
    since = door.clock() - timedelta(days=10)
    for command in (PullSource(source), StartBackfill(source, ("payments",), since)):
        with pytest.raises(Rejected, match="switched off"):
            await door.execute(command, owner)


async def test_with_its_key_lost_a_source_takes_new_secrets(
    door, owner, source, engine, business, monkeypatch
) -> None:
    await door.execute(SetCredentials(source, {"key_id": "1", "key_secret": MARKER}), owner)
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    assert await door.execute(SetCredentials(source, {"key_secret": "new"}), owner) == ("key_secret",)
    await door.execute(RotateSourceSecret(source, "whsec2"), owner)
    async with transaction(engine, [business]) as tx:
        row = await tx.row("SELECT secrets, credentials FROM sources")
    assert process_seal().open(bytes(row["secrets"])) == ("whsec2",)
    assert process_seal().open_fields(bytes(row["credentials"])) == {"key_secret": "new"}
