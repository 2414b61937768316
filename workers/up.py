"""Compose what `munshi up` and `munshi demo` run, from the settings, and run it: `python -m workers.up [--demo]`."""

from __future__ import annotations

import sys

from kit.embedded import Home, Servers, plan_servers
from kit.errors import MunshiError
from kit.ports import require_free
from kit.settings import Settings, settings
from workers.output import Output
from workers.supervisor import Plan, Program, Supervisor

PHONE_TOKEN = "100000000:MUNSHI-PHONE"  # noqa: S105  the local Bot API's, no secret


def plan(config: Settings, home: Home, servers: Servers, *, demo: bool) -> Plan:
    """Say what runs, in which environment: api, worker, scheduler, the bot where it has a chat, the demo's firm."""
    base = f"http://{_reachable(config.host)}:{config.port}"
    development = demo or config.munshi_env == "development"
    environment = {
        "MUNSHI_HOME": str(home.path),
        "MUNSHI_ENV": "development" if development else config.munshi_env,
        "HOST": config.host,
        "PORT": str(config.port),
        "PUBLIC_URL": config.public_url if "public_url" in config.model_fields_set else base,
        "DATABASE_URL": config.database_url or servers.database_url,
        "ADMIN_DATABASE_URL": config.admin_database_url or servers.admin_database_url,
        "REDIS_URL": config.redis_url or servers.redis_url,
        "MUNSHI_SECRET_KEY": config.munshi_secret_key.get_secret_value() or home.secret_key(),
    }
    phone = development and not config.telegram_bot_token.get_secret_value()
    if phone:
        environment["TELEGRAM_BOT_TOKEN"] = PHONE_TOKEN
        environment["TELEGRAM_API_BASE"] = f"{base}/phone/api"
    programs = [
        Program("api", "graph", first=True),
        Program("worker", "workers"),
        Program("scheduler", "workers.scheduler"),
    ]
    if phone or config.telegram_bot_token.get_secret_value():
        programs.append(Program("bot", "bot"))
    if demo:
        programs.append(Program("firm", "workers.simulator"))
    migrates = bool(environment["ADMIN_DATABASE_URL"])
    return Plan(
        programs=tuple(programs),
        environment=environment,
        before=(Program("migrate", "ledger.store.migrate"),) if migrates else (),
        ready_url=f"{base}/healthz",
        greeting=_greeting(base, phone=phone, demo=demo),
    )


def _greeting(base: str, *, phone: bool, demo: bool) -> str:
    if demo:
        return "Running. The sample firm sends its history; the link to its chat comes in a moment."
    return f"Ready. Open {base}/phone" if phone else f"Ready on {base}"


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def main(arguments: list[str]) -> int:
    """Take the home, check the port, and supervise until a signal comes; return the exit code."""
    output = Output()
    config = settings()
    home = Home(config.munshi_home)
    try:
        home.take()
    except MunshiError as error:
        output.say(str(error), style="bold red")
        return 1
    try:
        require_free(config.host, config.port)
        servers = plan_servers(home, database_url=config.database_url, redis_url=config.redis_url)
        planned = plan(config, home, servers, demo="--demo" in arguments)
        if not config.telegram_bot_token.get_secret_value() and all(
            p.name != "bot" for p in planned.programs
        ):
            output.say(
                "No TELEGRAM_BOT_TOKEN: the chat is off (MUNSHI_ENV=development opens the phone instead)."
            )
        return Supervisor(home, servers, planned, output).run()
    except MunshiError as error:
        output.say(str(error), style="bold red")
        return 1
    finally:
        home.release()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
