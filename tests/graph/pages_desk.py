"""What tests of pages have in common: a browser at them, members, links, and what a page says."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from graph.pages.routes import page_routes
from graph.throttle import Throttle
from kit.database import transaction
from kit.ids import uuid7
from ledger.commands.pages import MakePageLink
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
CHAT = 4_242


def browser(door: Door, **limits: Throttle) -> httpx.AsyncClient:
    """Return a browser at the pages of a door."""
    transport = httpx.ASGITransport(app=Starlette(routes=page_routes(door, **limits)))
    return httpx.AsyncClient(transport=transport, base_url="http://munshi", headers={"user-agent": PHONE})


async def join(
    engine: AsyncEngine, business: UUID, role: str, *, chat: int | None = None, crm_owner: str | None = None
) -> Actor:
    """Return a new member of a business; `chat`: it is linked."""
    member = uuid7()
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO members (business_id, id, name, role, chat_id, crm_owner) VALUES ($1, $2, $3, $4, $5, $6)",
            business, member, role.title(), role, chat, crm_owner,
        )  # fmt: skip
        if chat is not None:
            await tx.run(
                "INSERT INTO directory (kind, key, business_id, ref) VALUES ('chat', $1, $2, $3)",
                f"chat:{chat}", business, member,
            )  # fmt: skip
    return Actor(business, Role(role), role.title(), member_id=member, owner_key=crm_owner)


async def found(engine: AsyncEngine, name: str) -> UUID:
    """Found another business."""
    business = uuid7()
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, $2)", business, name)
        await tx.run(
            "INSERT INTO directory (kind, key, business_id) VALUES ('business', $1, $2)",
            str(business), business,
        )  # fmt: skip
    return business


def plain(page: httpx.Response) -> str:
    """Return what a page says, without its markup."""
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


async def link(door: Door, actor: Actor, page: str, party: UUID | None = None, **more: Any) -> str:
    """Return the path of a new link."""
    return f"/v/{(await door.execute(MakePageLink(page, party, **more), actor)).key}"


def links(page: httpx.Response) -> list[str]:
    """Return where a page leads within our own pages."""
    return [unescape(one) for one in re.findall(r'href="(/v/[^"]+)"', page.text)]
