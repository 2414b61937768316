"""`munshi tally-agent`: set it up once, then let it run beside TallyPrime."""

from __future__ import annotations

import io
import sys
import threading
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from connectors.tally import requests
from connectors.tally.answers import read_companies
from kit.errors import MunshiError, Rejected, Retryable
from kit.logs import configure_logs, logger
from workers.tally_agent.config import TALLY, Config, checked, read_config, span, write_config
from workers.tally_agent.memory import Memory
from workers.tally_agent.port import Port
from workers.tally_agent.posting import Post
from workers.tally_agent.rounds import Round

log = logger(__name__)
TRY_LATER, OWNER_NEEDED = 75, 6
"""Exit codes, as all of `munshi` ends: by what is to be done."""
CONFIG_FILE, STATE_FILE = "tally-agent.json", "tally-agent.state.json"


class Action(StrEnum):
    """What it is started for."""

    RUN = "run"
    SETUP = "setup"


def tally_agent(
    action: Annotated[
        Action, typer.Argument(help="`setup` asks for address and secret once; `run` is the work.")
    ] = Action.RUN,
    tally: Annotated[str, typer.Option(help=f"Where TallyPrime listens; {TALLY} if not told.")] = "",
    address: Annotated[
        str,
        typer.Option(envvar="MUNSHI_TALLY_ADDRESS", show_envvar=True, help="The source's webhook address."),
    ] = "",
    secret: Annotated[
        str, typer.Option(envvar="MUNSHI_TALLY_SECRET", show_envvar=True, help="The source's secret, whsec_…")
    ] = "",
    company: Annotated[str, typer.Option(help="The company to read, where several are open.")] = "",
    once: Annotated[
        bool, typer.Option("--once", help="One round, then end (for the Task Scheduler).")
    ] = False,
    every: Annotated[str, typer.Option(help="How long to rest between rounds.")] = "15m",
    config: Annotated[Path | None, typer.Option(help="Where setup keeps what it was told.")] = None,
    state: Annotated[Path | None, typer.Option(help="Where it remembers how far it has read.")] = None,
    believe_deletions: Annotated[
        bool, typer.Option("--believe-deletions", help="Once: what Tally doesn't show any more was deleted.")
    ] = False,
) -> None:
    """Read TallyPrime on this PC and post what changed to Munshi; needs no database and changes nothing in Tally."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(
                encoding="utf-8", errors="replace"
            )  # Windows writes files in its own code page
    configure_logs(program="tally-agent")
    folder = Path(typer.get_app_dir("munshi", roaming=False))
    place = config or folder / CONFIG_FILE
    try:
        told = read_config(place) if action is Action.RUN or place.exists() else Config()
        given = {"tally": tally, "address": address, "secret": secret, "company": company}
        told = replace(told, **{name: value for name, value in given.items() if value})
        if action is Action.SETUP:
            _set_up(told, place)
            return
        pause = span(every).total_seconds()
        memory = Memory(state or folder / STATE_FILE)
        told = checked(told)
    except (MunshiError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(OWNER_NEEDED) from None
    if told.in_clear:
        log.warning(
            "agent.not_encrypted", look="the address begins with http://; use https:// outside this PC"
        )
    raise typer.Exit(_run(told, memory, pause=0.0 if once else pause, believe=believe_deletions))


def main() -> None:
    """Run the agent by itself: `python -m workers.tally_agent`."""
    alone = typer.Typer(name="munshi tally-agent", add_completion=False, pretty_exceptions_show_locals=False)
    alone.command()(tally_agent)
    alone(prog_name="munshi tally-agent")


# ---- running ---------------------------------------------------------------------------------------
def _run(config: Config, memory: Memory, *, pause: float, believe: bool) -> int:
    """Do rounds until stopped, or one where `pause` is 0; return the exit code."""
    port, post = Port(config.tally), Post(config.address, config.secret)
    waiting = threading.Event()
    try:
        while True:
            code = one_round(Round(config, port, post, memory, believe=believe))
            if code == OWNER_NEEDED or not pause:
                return code
            believe = False
            waiting.wait(pause)
    except KeyboardInterrupt:
        return 0
    finally:
        port.close()
        post.close()


def one_round(work: Round) -> int:
    """Do a round and say how it went; return the exit code that it stands for."""
    begun = time.monotonic()
    try:
        work.run()
    except Retryable as error:
        log.warning("agent.later", code=error.code, why=str(error))
        return TRY_LATER
    except MunshiError as error:
        log.error("agent.stopped", code=error.code, why=str(error))
        return OWNER_NEEDED
    except OSError as error:
        log.error(
            "agent.later", code="agent.disk", why=f"The state file can't be written ({type(error).__name__})."
        )
        return TRY_LATER
    new = work.posted.accepted + work.posted.rewritten
    log.info("agent.round", new=new, known=work.posted.known, seconds=round(time.monotonic() - begun, 1))
    return 0


# ---- setting up ------------------------------------------------------------------------------------
def _set_up(told: Config, place: Path) -> None:
    """Ask for what is missing, try Tally, write the file."""
    address = told.address or typer.prompt("Address that `munshi source add books:tally` printed").strip()
    secret = told.secret or typer.prompt("Its secret (whsec_…)", hide_input=True).strip()
    told = checked(replace(told, address=address, secret=secret))
    told = replace(told, company=told.company or _choose(told.tally))
    write_config(place, told)
    typer.echo(f"Written to {place}, readable by you alone. Now run: munshi tally-agent")


def _choose(url: str) -> str:
    """Return the company that is open, the one chosen of several, or '' where Tally doesn't answer yet."""
    port = Port(url, patience=20.0)
    try:
        names = [found.name for found in read_companies(port.ask(requests.companies()))]
    except (Retryable, Rejected) as error:
        typer.echo(f"Tally doesn't answer yet: {error}")
        return ""
    finally:
        port.close()
    if len(names) > 1 and sys.stdin.isatty():
        for number, name in enumerate(names, 1):
            typer.echo(f"{number}. {name}")
        chosen: int = typer.prompt("Which company", type=int)
        return names[min(max(chosen, 1), len(names)) - 1]
    if len(names) == 1:
        typer.echo(f"Tally answers; open is {names[0]}.")
        return names[0]
    return ""
