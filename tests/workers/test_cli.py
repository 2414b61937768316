"""The command line as a program, on a database of its own: results, JSON, errors by remedy, exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from connectors.spreadsheet.columns import CANONICAL
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from tests.conftest import TestDatabase
from workers.broker import broker
from workers.cli import app
from workers.doorbell import doorbell


@dataclass(frozen=True, slots=True)
class Done:
    """What a command printed, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


Munshi = Callable[..., Done]


@pytest.fixture
def munshi(database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Munshi]:
    """The command line in this process (a new one takes a second to begin)."""
    for name, value in {
        "DATABASE_URL": database.url,
        "ADMIN_DATABASE_URL": database.admin_url,
        "REDIS_URL": "",
        "MUNSHI_HOME": str(tmp_path / "home"),
        "MUNSHI_SECRET_KEY": new_seal_key(),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, given: str | None = None) -> Done:
        forget()
        done = CliRunner().invoke(app, arguments, input=given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    def forget() -> None:
        for cached in (settings, process_seal, broker, doorbell):
            cached.cache_clear()

    yield call
    forget()


def program(environment: dict[str, str], *arguments: str) -> Done:
    """The command line as a program of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "workers.cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def result(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def complaint(done: Done) -> Any:
    return json.loads(done.stderr)["error"]


def test_a_firm_is_set_up_from_nothing(munshi: Munshi) -> None:
    founded = result(munshi("business", "add", "Sharma Services", "--owner", "Ramesh", "--json"))
    assert founded["owner"]["code"]
    assert result(munshi("business", "list", "--json")) == [{"id": founded["id"], "name": "Sharma Services"}]
    meena = result(munshi("member", "add", "Meena", "--role", "finance", "--json"))
    people = result(munshi("member", "list", "--json"))
    assert [(p["name"], p["role"]) for p in people] == [("Ramesh", "owner"), ("Meena", "finance")]
    assert result(munshi("link", "meena", "--json"))["member"] == meena["id"]
    assert result(munshi("token", "create", "Ramesh", "--label", "test", "--json"))["token"].startswith(
        "munt_"
    )
    assert result(munshi("sweep", "--json"))["changed"] == 0
    assert result(munshi("rebuild", "--json"))["differing"] == {}
    verdict = result(munshi("audit", "verify", "--json"))
    assert verdict["holds"]
    assert verdict["entries"] > 5


def test_a_source_is_connected_listed_and_rotated(munshi: Munshi) -> None:
    munshi("business", "add", "Sharma Services")
    made = result(munshi("source", "add", "standard:crm", "--label", "CRM", "--json"))
    assert "/ingest/mun_" in made["address"]
    assert made["secret"].startswith("whsec_")
    assert result(munshi("source", "rotate", "standard:crm", "--json"))["secret"] != made["secret"]
    (listed,) = result(munshi("source", "list", "--json"))
    assert (listed["name"], listed["label"], listed["state"]) == ("standard:crm", "CRM", "never")
    assert made["secret"] not in munshi("source", "list", "--json").stdout


def test_a_source_that_we_read_is_given_credentials_settings_and_a_past(munshi: Munshi) -> None:
    munshi("business", "add", "Sharma Services", "--json")
    munshi(
        "source", "add", "payment:razorpay", "--secret", "whsec", "--set", "account_number=7878780080316316"
    )
    keys = json.dumps({"key_id": "rzp_test_1", "key_secret": "marker-51c"})
    done = munshi("source", "credentials", "payment:razorpay", "--stdin", "--json", given=keys)
    assert result(done)["credentials"] == ["key_id", "key_secret"]
    assert "marker-51c" not in done.stdout + done.stderr
    typed = munshi("source", "credentials", "payment:razorpay", given="\nmarker-52d\n")
    assert typed.returncode == 0, typed.stderr
    assert "marker" not in typed.stdout + typed.stderr
    assert result(
        munshi(
            "source", "set", "payment:razorpay", "mode=live", "account_number=", "--label", "Pay", "--json"
        )
    )["settings"] == ["mode"]
    assert result(
        munshi(
            "source",
            "backfill",
            "payment:razorpay",
            "--since",
            "2026-01-01",
            "--stream",
            "payments",
            "--json",
        )
    )["streams"] == ["payments"]
    shown = result(munshi("source", "show", "payment:razorpay", "--json"))
    assert [(s["stream"], s["lane"]) for s in shown["streams"]] == [("payments", "backfill")]
    assert "back to" in munshi("source", "show", "payment:razorpay").stdout
    assert result(munshi("source", "pull", "payment:razorpay", "--json")) == {"due": 1, "read": False}
    assert result(munshi("secrets", "rotate", "--json")) == {"sources": 1}


def test_a_source_that_we_read_says_what_it_still_needs(munshi: Munshi) -> None:
    munshi("business", "add", "Kaveri Services", "--owner", "Ramesh")
    told = munshi("source", "add", "books:zoho_books").stdout
    assert "munshi source set books:zoho_books organization_id=…" in told
    assert "munshi source credentials books:zoho_books" in told
    assert "client_id, client_secret, refresh_token" in " ".join(told.split())
    assert "munshi source credentials books:zoho_books" in munshi("source", "show", "books:zoho_books").stdout
    told = munshi(
        "source", "add", "books:other", "--connector", "zoho_books", "--set", "organization_id=600"
    ).stdout
    assert "can't be read without" not in told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("set", "payment:razorpay", "base_url=http://10.0.0.7"), "source.address"),
        (("set", "payment:razorpay", "--write-back"), "source.no_write_back"),
        (("set", "payment:razorpay", "streams=payments"), "source.streams"),
        (("set", "payment:razorpay", 'streams=["payments", "x"]'), "stream.unknown"),
        (("add", "payment:razorpay_two", "--connector", "razorpay", "--set", "streams=x"), "source.streams"),
        (("pull", "payment:razorpay", "--stream", "x"), "stream.unknown"),
        (("backfill", "payment:razorpay", "--since", "yesterday"), "backfill.day"),
        (("backfill", "payment:razorpay", "--since", "2026-01-01", "--stream", "x"), "stream.unknown"),
        (("show", "payment:stripe"), "source.unknown"),
        (("credentials", "bank:icici"), "source.no_api"),
    ],
)
def test_what_a_pulled_source_can_not_be_told_is_refused(
    arguments: tuple[str, ...], code: str, munshi: Munshi
) -> None:
    munshi("business", "add", "Sharma Services", "--json")
    munshi("source", "add", "payment:razorpay", "--secret", "whsec")
    munshi("source", "add", "bank:icici", "--connector", "bank")
    assert complaint(munshi("source", *arguments, "--json"))["code"] == code


def test_a_credential_in_the_wrong_place_is_not_repeated(munshi: Munshi) -> None:
    munshi("business", "add", "Sharma Services", "--json")
    munshi("source", "add", "payment:razorpay", "--secret", "whsec")
    done = munshi(
        "source", "credentials", "payment:razorpay", "--stdin", "--json", given='{"marker-77c": "x"}'
    )
    told = complaint(done)
    assert (told["code"], "key_id, key_secret" in told["message"]) == ("source.credentials", True)
    assert "marker" not in done.stdout + done.stderr


def test_an_imported_file_says_what_was_added_and_again_adds_nothing(munshi: Munshi, tmp_path: Path) -> None:
    munshi("business", "add", "Sharma Services")
    result(munshi("source", "add", "books:spreadsheet", "--json"))
    file = tmp_path / "bills.csv"
    file.write_text(
        "Type,Party,Number,Date,Due date,Amount\n"
        'Invoice,Gupta Steel,INV-1,01-10-2026,31-10-2026,"1,18,000.00"\n'
        "Invoice,Mehta Traders,INV-2,05-10-2026,,59000\n"
        "Invoice,Nair Foods,INV-3,06-10-2026,,a lot\n",
        encoding="utf-8",
    )
    first = result(munshi("import", str(file), "--source", "books:spreadsheet", "--json"))
    assert first["added"] >= 2
    assert len(first["unreadable"]) == 1
    assert first["unreadable"][0]["reason"]
    again = result(munshi("import", str(file), "--source", "books:spreadsheet", "--json"))
    assert again["added"] == 0
    assert again["known"] == first["added"]


def test_the_template_can_be_imported_as_it_is_read(munshi: Munshi, tmp_path: Path) -> None:
    munshi("business", "add", "Sharma Services")
    munshi("source", "add", "books:spreadsheet")
    assert munshi("template", "bills.csv").returncode == 0
    header = (tmp_path / "bills.csv").read_text("utf-8-sig").strip().split(",")
    assert header == list(CANONICAL)
    assert munshi("template", "bills.csv", "--help").returncode == 0
    assert "exists" in munshi("template", "bills.csv").stderr
    with (tmp_path / "bills.csv").open("a") as file:
        file.write("Invoice,Gupta Steel,INV-9,01-10-2026,,1000,847.46,,,,,,30,\n")
    done = result(munshi("import", "bills.csv", "--source", "books:spreadsheet", "--json"))
    assert done["unreadable"] == []
    assert done["added"] >= 1
    assert munshi("template", "bills.xlsx").returncode == 0
    assert (tmp_path / "bills.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (("member", "add", "X", "--role", "boss"), 2, "rejected"),
        (("source", "add", "payment:nobody"), 4, "not_found"),
        (("sweep", "--business", "Nobody"), 4, "not_found"),
        (("import", "nothing.csv", "--source", "bank:icici"), 2, "rejected"),
        (("link", "Nobody"), 4, "not_found"),
    ],
)
def test_what_fails_names_its_remedy_and_its_kind(
    munshi: Munshi, arguments: tuple[str, ...], code: int, kind: str
) -> None:
    munshi("business", "add", "Sharma Services")
    done = munshi(*arguments, "--json")
    assert done.returncode == code
    assert complaint(done)["kind"] == kind
    shown = munshi(*arguments)
    assert shown.returncode == code
    assert "Traceback" not in shown.stderr


def test_with_two_businesses_one_must_be_named(munshi: Munshi) -> None:
    munshi("business", "add", "Sharma Services")
    munshi("business", "add", "Gupta Steel")
    done = munshi("sweep", "--json")
    assert done.returncode == 2
    assert "Gupta Steel, Sharma Services" in complaint(done)["remedy"]
    assert result(munshi("sweep", "-b", "gupta steel", "--json"))["business"] == "Gupta Steel"


def test_a_database_that_is_away_is_told_as_a_passing_fault() -> None:
    environment = {**os.environ, "DATABASE_URL": "postgresql://munshi_app@127.0.0.1:1/munshi"}
    done = program(environment, "business", "list", "--json")
    assert done.returncode == 75
    assert complaint(done)["code"] == "store.away"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DATABASE_URL", "mysql://munshi:Geheim@127.0.0.1/munshi"),
        ("DATABASE_URL", "postgresql://munshi:Geheim@127.0.0.1:five/munshi"),
        ("ADMIN_DATABASE_URL", "Geheim"),
        ("PORT", "99999"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_repeated(setting: str, value: str) -> None:
    done = program({**os.environ, setting: value}, "business", "list")
    assert done.returncode == 1
    assert done.stderr.startswith(f"A setting is wrong: {setting}: ")
    assert "Geheim" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_can_not_be_written_is_no_fault_of_the_database(munshi: Munshi) -> None:
    for arguments in (("schema", "nowhere/schema.json"), ("template", "nowhere/bills.xlsx")):
        done = munshi(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith(f"{arguments[1]} can't be used: No such file")


def test_a_database_without_our_tables_is_told_to_be_migrated(
    munshi: Munshi, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.admin_url.replace(database.name, "postgres"))
    done = munshi("sweep", "--json")
    assert done.returncode == 6
    assert complaint(done)["remedy"] == "Run munshi migrate."


def test_the_address_of_a_webhook_is_where_we_listen(munshi: Munshi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8477")
    munshi("business", "add", "Sharma Services")
    made = result(munshi("source", "add", "standard:crm", "--json"))
    assert made["address"].startswith("http://127.0.0.1:8477/ingest/")
    monkeypatch.setenv("PUBLIC_URL", "https://munshi.example")
    made = result(munshi("source", "add", "standard:books", "--json"))
    assert made["address"].startswith("https://munshi.example/ingest/")


def test_a_statement_is_told_in_rupees_without_the_whole_account_number(
    munshi: Munshi, tmp_path: Path
) -> None:
    munshi("business", "add", "Sharma Services")
    munshi("source", "add", "bank:icici", "--set", "account=000405004421")
    (tmp_path / "s.csv").write_text(
        "Account Number,000405004421\n"
        "S No.,Value Date,Transaction Date,Cheque Number,Transaction Remarks,"
        "Withdrawal Amount(INR),Deposit Amount(INR),Balance(INR)\n"
        "1,18/11/2020,18/11/2020,,NEFT-HDFCN52020111801-GUPTA STEEL,,1000.00,11000.00\n"
        "2,19/11/2020,19/11/2020,,UPI/032400000001/NAIR,,500.00,11500.00\n"
    )
    told = munshi("import", "s.csv", "--source", "bank:icici").stdout
    assert "2 added" in told
    assert "closing: ₹11,500" in told
    assert "··4421" in told
    assert "000405004421" not in told
    assert "None" not in told


def test_a_tampered_trail_is_told_with_the_place_and_an_exit_code(
    munshi: Munshi, database: TestDatabase
) -> None:
    munshi("business", "add", "Sharma Services", "--owner", "Ramesh")

    async def tamper() -> None:
        admin = await asyncpg.connect(database.admin_url)
        await admin.execute("UPDATE audit SET actor = 'member:nobody' WHERE sequence = 2")
        await admin.close()

    asyncio.run(tamper())
    done = munshi("audit", "verify", "--json")
    assert done.returncode == 1
    assert (json.loads(done.stdout)["holds"], json.loads(done.stdout)["broken_at"]) == (False, 2)
    assert "Entry 2 is not what was written" in munshi("audit", "verify").stdout


def test_the_schema_is_json(munshi: Munshi) -> None:
    assert "$defs" in json.loads(munshi("schema").stdout)


def test_migrate_gives_the_application_the_password_of_its_address(munshi: Munshi) -> None:
    assert result(munshi("migrate", "--json")) == {"migrated": True}
    assert result(munshi("migrate", "--json")) == {"migrated": True}


def test_without_a_database_url_a_command_runs_on_the_embedded_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "ADMIN_DATABASE_URL")}
    environment["MUNSHI_HOME"] = str(home)

    result(program(environment, "business", "add", "Sharma Services", "--json"))
    assert len(result(program(environment, "business", "list", "--json"))) == 1
    assert (home / "secret.key").stat().st_mode & 0o077 == 0
    assert not (home / "postgres" / "postmaster.pid").exists()
