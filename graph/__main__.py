"""`python -m graph`: the api, one uvicorn process on HOST:PORT."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import uvicorn
from starlette.routing import BaseRoute

from graph.app import make_app
from graph.live_socket import MAX_MESSAGE
from graph.one_write import OneWriteProtocol
from kit.collector import spare_the_collector
from kit.errors import MunshiError, Rejected
from kit.logs import configure_logs, logger
from kit.ports import require_free, shared_socket
from kit.settings import Settings, settings

PHONE = "bot.phone:phone_of"
GRACE_SECONDS = 10


def named(path: str, *, variable: str) -> Any:
    """Return what `package.module:name` names; Rejected, with the variable, if there is no such thing.

    The api is composed of neighbours that it doesn't import: which ones is a matter of settings.
    """
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise Rejected(
            "setting.unknown",
            f"{variable}={path}: there is no such function.",
            remedy="Write module:function.",
        ) from None


def guests(config: Settings) -> tuple[Sequence[BaseRoute], Sequence[Callable[[], None]]]:
    """Return the routes that settings add, and what to call when we stop; in development that is the phone."""
    path = config.munshi_extra_routes or (PHONE if config.munshi_env == "development" else "")
    if not path:
        return (), ()
    guest = named(path, variable="MUNSHI_EXTRA_ROUTES")(config)
    return (guest.routes(), (guest.close,)) if hasattr(guest, "close") else (guest, ())


class Server(uvicorn.Server):
    """A server that tells its guests of the end before it waits for open requests: a long poll would outlast it."""

    def __init__(self, config: uvicorn.Config, *, closing: Sequence[Callable[[], None]]) -> None:
        super().__init__(config)
        self._closing = closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the guests, then end as uvicorn does."""
        for close in self._closing:
            close()
        await super().shutdown(sockets)


def main() -> None:
    """Serve until a signal ends it; say plainly why, if it can't start."""
    config = settings()
    configure_logs(level=config.log_level, form=config.log_format, program="api")
    try:
        if not config.database_url:
            raise Rejected(
                "setting.missing", "DATABASE_URL is not set.", remedy="Or start everything with `munshi up`."
            )
        sockets = [shared_socket(config.host, config.port)] if config.api_share_port else None
        if sockets is None:
            require_free(config.host, config.port)
        bell = config.munshi_doorbell
        ring = named(bell, variable="MUNSHI_DOORBELL") if bell else None
        routes, closing = guests(config)
        app = make_app(config, ring=ring, extra_routes=routes)
    except MunshiError as error:
        sys.exit(str(error))
    logger(__name__).info("api.starting", address=f"http://{config.host}:{config.port}")
    serving = uvicorn.Config(
        app,
        host=config.host,
        port=config.port,
        loop="uvloop",
        http=OneWriteProtocol,
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(config.trusted_proxies),
        forwarded_allow_ips=config.trusted_proxies or None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(serving, closing=closing)
    spare_the_collector()
    server.run(sockets=sockets)
    if not server.started:
        sys.exit("The api could not start; the lines above say why.")


if __name__ == "__main__":
    main()
