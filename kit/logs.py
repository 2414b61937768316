"""Structured logs: one line an event, no secrets and no personal data (values of risky keys are masked)."""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog

_RISKY = re.compile(
    r"secret|token|password|authorization|signature|cookie|api_key|credential|phone|email|vpa|narration|body|gstin|pan$|^name$",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"mun_[0-9a-f]{32}_[\w\-]+|whsec_[\w+/=]+|\b\d{8,12}:[\w\-]{30,}"  # ours, Standard Webhooks and Stripe, Telegram
    r"|\brzp_(?:live|test)_\w+|\b[sr]k_(?:live|test)_\w+|\bcfsk_\w+|\bpat-\w{2,4}-[0-9a-f\-]{20,}|\b1000\.[0-9a-f]{32}\.[0-9a-f]{32}"
)
"""Keys and tokens by their own form: Razorpay, Stripe, Cashfree, HubSpot and Zoho write theirs so."""


def _mask(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    for key, value in event.items():
        if key != "event" and _RISKY.search(key):
            event[key] = "•••"
        elif isinstance(value, str):
            event[key] = _KEYS.sub("•••", value)
    return event


def configure_logs(*, level: str = "INFO", form: str = "console", program: str = "munshi") -> None:
    """Route structlog and the standard library through one masked, readable stream on stdout."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=24)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "telegram", "apscheduler", "uvicorn.access"):
        logging.getLogger(noisy).setLevel("WARNING")
    structlog.contextvars.bind_contextvars(program=program)


def logger(name: str) -> Any:
    """Return the logger of a module."""
    return structlog.get_logger(name)
