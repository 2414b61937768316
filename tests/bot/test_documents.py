"""Files sent to the chat: read there and then, by the reader that understands them, into the right source."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest
from telegram import Bot

from bot.imports import Imports
from connectors.bank.formats import guess_columns
from kit.database import transaction
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import AddSource, ConfirmColumns, DrainBusiness
from ledger.commands.files import TakeFile
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.queries import WaitingFiles
from ledger.store.directory import all_businesses
from tests.bot.bot_api import TOKEN
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot, files_of
from tests.conftest import SettableClock

FIXTURES = Path(__file__).parent.parent / "connectors" / "cases" / "bank"
OPEN_BILLS = (
    "Open bills as on 20-11-2026\n"
    "Type,Party,Number,Date,Due date,Amount\n"
    'Invoice,Sharma Traders,INV-101,04/09/2026,04/10/2026,"1,42,000.00"\n'
    "Invoice,Gupta Steel,INV-102,05/09/2026,05/10/2026,90000.50\n"
    "Invoice,Broken,INV-103,31/31/2026,,abc\n"
)


async def _answer(bot: RunningBot, chat: int, name: str, content: bytes, *, drained: bool = True) -> str:
    """Send a file, work through what it brought, and return the last word about it."""
    before = len(bot.api.texts(chat))
    bot.api.sends_file(chat, name, content)
    await bot.api.until(lambda: len(bot.api.texts(chat)) > before)
    await bot.api.until(lambda: not bot.api.texts(chat)[-1].startswith("Reading"))
    if drained:
        for business in await all_businesses(bot.door.engine):
            await drain(bot.door, business)
    await bot.api.until(lambda: not drained or "I'll tell you when" not in bot.api.texts(chat)[-1])
    return bot.api.texts(chat)[-1]


async def drain(door: Door, business: UUID) -> None:
    """Work through all that is pending now."""
    while (await door.execute(DrainBusiness(), system(business, "test"))).more:
        pass


def _zip(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


def _locked() -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    )


async def _sources(door: Door, business: UUID) -> list[str]:
    async with transaction(door.engine, [business]) as tx:
        return [row["name"] for row in await tx.fetch("SELECT name FROM sources ORDER BY name")]


async def test_a_statement_is_imported_there_and_then_and_the_same_again_adds_nothing(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    content = (FIXTURES / "icici_current.csv").read_bytes()
    first = await _answer(bot, RAMESH, "OpTransactionHistory.csv", content)
    print(first)
    assert first.startswith("<b>OpTransactionHistory.csv</b> read as ICICI\n7 new entries\n\n<b>Of ")
    assert "Bank now ₹" in first
    again = await _answer(bot, RAMESH, "copy.csv", content)
    assert again.startswith("<b>copy.csv</b> read as ICICI\nNothing new in it.\n7 known already")
    assert len(bot.api.texts(RAMESH)) == 2  # each took the place of its “Reading…”
    assert await _sources(bot.door, business) == ["bank:icici"]


async def test_a_sheet_of_open_bills_is_told_apart_and_its_unreadable_rows_are_named(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    text = await _answer(bot, RAMESH, "open bills.csv", OPEN_BILLS.encode())
    assert "read as" in text
    assert "1 not readable:" in text
    assert await _sources(bot.door, business) == ["books:spreadsheet"]


@pytest.fixture
def seal_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key to seal with: Tally's agent gets a secret as soon as the company is connected."""
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


async def test_a_day_book_of_tally_connects_the_company_and_another_companys_is_another_source(
    bot: RunningBot, join: Join, business: UUID, seal_key: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    books = (FIXTURES.parent / "tally" / "list_of_accounts.xml").read_bytes()
    text = await _answer(bot, RAMESH, "Master.xml", books)
    assert "read as TallyPrime" in text
    assert "new entries" in text
    assert "Nothing new in it" in await _answer(bot, RAMESH, "Master (1).xml", books)
    first = await _sources(bot.door, business)
    assert first == ["books:tally"]
    async with transaction(bot.door.engine, [business]) as tx:
        await tx.run("""UPDATE sources SET settings = '{"company": "Another Firm"}'""")
    await _answer(bot, RAMESH, "Master.xml", books)
    assert len(await _sources(bot.door, business)) == 2


async def test_statements_of_two_banks_become_two_sources(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    for name in ("icici_current.csv", "hdfc_delimited.txt"):
        assert "new entries" in await _answer(bot, RAMESH, name, (FIXTURES / name).read_bytes())
    assert await _sources(bot.door, business) == ["bank:hdfc", "bank:icici"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("HDFC-Nov.pdf", b"%PDF-1.4 nothing", "HDFC NetBanking: Accounts › Enquire"),
        ("stmt.pdf", b"%PDF-1.4 /Encrypt 5 0 R", "This PDF has a password"),
        ("x.csv", b"", "This file is empty."),
        ("x.csv", b"\r\n  \x00", "This file is empty."),
        ("x.csv", b"\x00\xff\xfe" * 400, "I can't read this file"),
        ("y.xlsx", b"PK\x03\x04 broken", "I can't read this file"),
        ("<b>.csv", b"a,b,c\n1,2,3\n", "I can't read this file"),
        ("z.txt", b"hello, I am a letter\n" * 50, "I can't read this file"),
        ("all.zip", _zip("a.csv", b"a,b"), "This is a zip."),
        ("all.xlsx", _zip("a.csv", b"a,b"), "This is a zip."),
        ("all.rar", b"Rar!\x1a\x07\x00 something", "This is a zip."),
        ("statement.jpg", b"\xff\xd8\xff\xe0 picture", "I can't read figures in a picture."),
        ("statement.xlsx", b"\x89PNG\r\n\x1a\n picture", "I can't read figures in a picture."),
        ("call.ogg", b"OggS sound", "I can't listen to a recording."),
        ("locked.xlsx", _locked(), "This file has a password."),
    ],
)
async def test_a_file_that_nobody_can_read_gets_a_kind_answer(
    bot: RunningBot, join: Join, business: UUID, name: str, content: bytes, told: str
) -> None:
    await join("Ramesh", "owner", RAMESH)
    text = await _answer(bot, RAMESH, name, content)
    assert told in text
    assert await _sources(bot.door, business) == []
    assert await _statuses(bot.door, business) == ["refused"]


async def test_a_statement_with_the_wrong_extension_is_read_by_its_content(
    bot: RunningBot, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    content = (FIXTURES / "icici_current.csv").read_bytes()
    assert "7 new entries" in await _answer(bot, RAMESH, "statement.pdf", content)


async def test_two_files_at_once_connect_one_account_and_each_is_told_of(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    content = (FIXTURES / "icici_current.csv").read_bytes()
    bot.api.sends_file(RAMESH, "one.csv", content)
    bot.api.sends_file(RAMESH, "two.csv", content)
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    await bot.api.until(lambda: not any(t.startswith("Reading") for t in bot.api.texts(RAMESH)))
    await drain(bot.door, business)
    await bot.api.until(lambda: not any("I'll tell you" in t for t in bot.api.texts(RAMESH)))
    assert await _sources(bot.door, business) == ["bank:icici"]
    assert sorted("7 new" in text for text in bot.api.texts(RAMESH)) == [False, True]


async def test_while_the_workers_are_down_the_file_is_kept_and_told_of_later(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    content = (FIXTURES / "icici_current.csv").read_bytes()
    kept = await _answer(bot, RAMESH, "nov.csv", content, drained=False)
    assert kept.endswith("7 new entries\nAll kept. I'll tell you when I've worked through it.")
    bot.api.types(RAMESH, "/help")
    await bot.api.until(lambda: "What you can ask me" in bot.api.texts(RAMESH)[-1])  # the chat isn't held up
    await drain(bot.door, business)
    await bot.api.until(lambda: "Bank now" in bot.api.texts(RAMESH)[0])


async def test_the_last_word_comes_when_the_questions_are_asked(
    bot: RunningBot, join: Join, business: UUID, clock: SettableClock
) -> None:
    await join("Ramesh", "owner", RAMESH)
    first = await _answer(bot, RAMESH, "nov.csv", (FIXTURES / "icici_current.csv").read_bytes())
    assert "I'm still looking at" in first
    assert await _statuses(bot.door, business) == ["derived"]
    clock.advance(seconds=40)
    await drain(bot.door, business)
    await bot.api.until(lambda: "still looking" not in bot.api.texts(RAMESH)[-1])
    labels = [button["text"] for button in bot.api.buttons(bot.api.said[-1])]
    assert labels[0].startswith("Answer ")
    assert await _statuses(bot.door, business) == ["told"]


async def test_a_bot_that_was_killed_goes_on_with_the_file(
    bot: RunningBot, join: Join, business: UUID, clock: SettableClock
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    bot.api.files["lost"] = (FIXTURES / "icici_current.csv").read_bytes()
    await bot.door.execute(TakeFile(RAMESH, "lost", "nov.csv"), ramesh)
    clock.advance(minutes=2)
    imports = Imports(
        bot.door, files_of(bot.door), Bot(TOKEN, f"{bot.api.base}/bot", f"{bot.api.base}/file/bot")
    )
    await _run_until(imports, lambda: any("7 new entries" in text for text in bot.api.texts(RAMESH)), bot)
    assert sum("7 new entries" in text for text in bot.api.texts(RAMESH)) == 1


async def test_a_file_that_the_channel_has_forgotten_is_asked_for_again(
    bot: RunningBot, join: Join, business: UUID, clock: SettableClock
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    await bot.door.execute(TakeFile(RAMESH, "gone", "nov.csv"), ramesh)
    clock.advance(minutes=2)
    imports = Imports(
        bot.door, files_of(bot.door), Bot(TOKEN, f"{bot.api.base}/bot", f"{bot.api.base}/file/bot")
    )
    await _run_until(
        imports, lambda: any("please send it again" in text for text in bot.api.texts(RAMESH)), bot
    )
    assert await _statuses(bot.door, business) == ["refused"]


async def _run_until(imports: Imports, holds: Callable[[], bool], bot: RunningBot) -> None:
    running = asyncio.create_task(imports.run())
    try:
        await bot.api.until(holds)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _statuses(door: Door, business: UUID) -> list[str]:
    async with transaction(door.engine, [business]) as tx:
        return [row["status"] for row in await tx.fetch("SELECT status FROM chat_files ORDER BY taken_at")]


async def test_progress_of_a_long_statement_is_shown(
    bot: RunningBot, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("Ramesh", "owner", RAMESH)
    monkeypatch.setattr("bot.imports.TELL_EVERY", 0.02)
    rows = "".join(
        f"Invoice,Customer {n % 50},INV-{n},04/09/2026,04/10/2026,{n + 100}.00\n" for n in range(6_000)
    )
    content = ("Type,Party,Number,Date,Due date,Amount\n" + rows).encode()
    text = await _answer(bot, RAMESH, "open.csv", content, drained=False)
    assert "6000 new entries" in text or "new entries" in text
    assert any(" of 6,000 rows" in edit["text"] for edit in bot.api.edits)


async def test_a_file_that_is_too_large_is_refused_before_it_is_fetched(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.files["big"] = b""
    text = await _answer(bot, RAMESH, "big.csv", b"a" * 1_000_001)
    assert "Please send a shorter period: one month, or a quarter." in text


@pytest.mark.parametrize("role", ["sales", "view"])
async def test_who_may_not_answer_may_not_import(
    bot: RunningBot, join: Join, business: UUID, role: str
) -> None:
    await join("Ravi", role, RAVI, crm_owner="ravi")
    text = await _answer(bot, RAVI, "s.csv", (FIXTURES / "icici_current.csv").read_bytes())
    assert text == "That is for the owner or the accounts person. Please ask them."
    assert await _sources(bot.door, business) == []


async def test_another_banks_account_with_the_same_last_digits_is_an_account_of_its_own(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _answer(bot, RAMESH, "icici.csv", (FIXTURES / "icici_current.csv").read_bytes())
    await _answer(bot, RAMESH, "sbi.xlsx", (FIXTURES / "sbi_portal.xlsx").read_bytes())
    assert await _sources(bot.door, business) == ["bank:icici", "bank:sbi"]
    ours = (FIXTURES / "icici_current.csv").read_bytes().replace(b"000405004421", b"000405014421")
    await _answer(bot, RAMESH, "second.csv", ours)
    assert await _sources(bot.door, business) == ["bank:icici", "bank:icici-4421", "bank:sbi"]


async def test_the_accounts_person_imports_into_a_connected_account_but_connects_none(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await join("Meena", "finance", RAVI)
    content = (FIXTURES / "icici_current.csv").read_bytes()
    assert "owner" in await _answer(bot, RAVI, "a.csv", content)
    await _answer(bot, RAMESH, "a.csv", content)
    assert "7 known already" in await _answer(bot, RAVI, "a.csv", content)


async def test_a_bank_that_nobody_knows_waits_and_is_read_once_its_columns_are_confirmed(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    content = (FIXTURES / "columns_unknown.csv").read_bytes()
    alone = await _answer(bot, RAMESH, "kaveri.csv", content)
    assert "Its columns aren't known yet" in alone
    assert await _sources(bot.door, business) == []

    clerk = system(business, "test")
    await bot.door.execute(AddSource("bank:kaveri", "bank", "Kaveri Bank", {}), clerk)
    assert "Its columns aren't known yet" in await _answer(bot, RAMESH, "kaveri.csv", content)
    (waiting,) = await bot.door.query(WaitingFiles("bank:kaveri", "bank.columns_unknown"), clerk)
    guess = guess_columns(waiting.body)
    assert guess is not None
    await bot.door.execute(ConfirmColumns("bank:kaveri", guess.fingerprint, dict(guess.columns)), clerk)
    assert "3 new entries" in await _answer(bot, RAMESH, "kaveri.csv", content)
