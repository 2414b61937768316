"""Our own programs at the door: each says its own messages and is refused every other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.errors import Denied
from kit.ids import uuid7
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.domain.system_actors import ANYTHING, MAY_SAY
from ledger.handlers.registry import all_handlers

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "graph", "ingest", "ledger", "workers")


def named() -> Iterator[tuple[str, str]]:
    """The names of system actors in our programs, with the place of each."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            constants = {
                target.id: node.value.value
                for node in tree.body
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(tree):
                if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "system"):
                    continue
                name = node.args[1]
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                if isinstance(name, ast.Constant):
                    yield str(name.value), place
                elif isinstance(name, ast.Name) and name.id in constants:
                    yield str(constants[name.id]), place
                else:
                    yield ast.unparse(name), place


def test_every_program_of_ours_is_listed_with_what_it_may_say() -> None:
    known = {
        *MAY_SAY,
        *ANYTHING,
        "CLERK",
    }  # workers.cli_session.CLERK is the command line, wherever it is used
    unlisted = [f"{place}: {name!r}" for name, place in named() if name not in known]
    assert not unlisted, "list in ledger/domain/system_actors.py what they may say:\n" + "\n".join(unlisted)


def test_what_is_listed_exists_and_is_used() -> None:
    messages = {handler.message.__name__ for handler in all_handlers()}
    for name, says in MAY_SAY.items():
        assert says <= messages, name
    assert set(MAY_SAY) <= {name for name, _ in named()}


@pytest.mark.parametrize("name", sorted(MAY_SAY))
async def test_it_is_refused_whatever_else(name: str, door: Door) -> None:
    """Before a transaction is opened: no database is asked."""
    refused = 0
    for handler in all_handlers():
        if handler.message.__name__ in MAY_SAY[name]:
            continue
        message = object.__new__(handler.message)
        commanded = handler.message.__module__.startswith("ledger.commands")
        actor = system(uuid7(), name)
        with pytest.raises(Denied) as denial:
            await (door.execute if commanded else door.query)(message, actor)
        assert denial.value.code == "permission.system"
        refused += 1
    assert refused > 100
