"""Files sent to the chat: read there and then, by the reader that understands them, into the right source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from connectors.bank.formats import guess_columns
from kit.database import transaction
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import AddSource, ConfirmColumns
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.queries import WaitingFiles
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot

FIXTURES = Path(__file__).parent.parent / "connectors" / "cases" / "bank"
OPEN_BILLS = (
    "Open bills as on 20-11-2026\n"
    "Type,Party,Number,Date,Due date,Amount\n"
    'Invoice,Sharma Traders,INV-101,04/09/2026,04/10/2026,"1,42,000.00"\n'
    "Invoice,Gupta Steel,INV-102,05/09/2026,05/10/2026,90000.50\n"
    "Invoice,Broken,INV-103,31/31/2026,,abc\n"
)


async def _answer(bot: RunningBot, chat: int, name: str, content: bytes) -> str:
    before = len(bot.api.texts(chat))
    bot.api.sends_file(chat, name, content)
    await bot.api.until(lambda: len(bot.api.texts(chat)) > before)
    return bot.api.texts(chat)[-1]


async def _sources(door: Door, business: UUID) -> list[str]:
    async with transaction(door.engine, [business]) as tx:
        return [row["name"] for row in await tx.fetch("SELECT name FROM sources ORDER BY name")]


async def test_a_statement_is_imported_there_and_then_and_the_same_again_adds_nothing(
    bot: RunningBot, join: Join, business: UUID
) -> None:
    await join("Ramesh", "owner", RAMESH)
    content = (FIXTURES / "icici_current.csv").read_bytes()
    first = await _answer(bot, RAMESH, "OpTransactionHistory.csv", content)
    assert first == "<b>OpTransactionHistory.csv</b> read as ICICI\n7 new entries"
    again = await _answer(bot, RAMESH, "copy.csv", content)
    assert again == "<b>copy.csv</b> read as ICICI\nNothing new in it.\n7 known already"
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
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.4 nothing"),
        ("x.csv", b""),
        ("x.csv", b"\x00\xff\xfe" * 400),
        ("y.xlsx", b"PK\x03\x04 broken"),
        ("<b>.csv", b"a,b,c\n1,2,3\n"),
        ("z.txt", b"hello, I am a letter\n" * 50),
    ],
)
async def test_a_file_that_nobody_can_read_gets_a_kind_answer(
    bot: RunningBot, join: Join, business: UUID, name: str, content: bytes
) -> None:
    await join("Ramesh", "owner", RAMESH)
    text = await _answer(bot, RAMESH, name, content)
    assert text.startswith(
        "I can't read this file as a bank statement, as books from Tally, or as a sheet of bills."
    )
    assert await _sources(bot.door, business) == []


async def test_a_file_that_is_too_large_is_refused_before_it_is_fetched(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.files["big"] = b""
    text = await _answer(bot, RAMESH, "big.csv", b"a" * 1_000_001)
    assert "Please send a shorter period." in text


@pytest.mark.parametrize("role", ["sales", "view"])
async def test_who_may_not_answer_may_not_import(
    bot: RunningBot, join: Join, business: UUID, role: str
) -> None:
    await join("Ravi", role, RAVI, crm_owner="ravi")
    text = await _answer(bot, RAVI, "s.csv", (FIXTURES / "icici_current.csv").read_bytes())
    assert text == "That is for the owner or the accounts person. Please ask them."
    assert await _sources(bot.door, business) == []


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
