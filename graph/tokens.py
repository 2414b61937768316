"""Bearer tokens over GraphQL: listed, made, replaced, revoked. All of it is the owner's."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from graph.members import member_key
from graph.types import tokens as to
from graph.types.basics import Info, plain, resolved, told
from graph.types.workflow import plain_key
from ledger.commands.tokens import CreateToken, RevokeToken, RotateToken
from ledger.domain.tokens import token_id as id_of
from ledger.queries.tokens import Tokens

TokenId = Annotated[strawberry.ID, strawberry.argument(description="The token's id, as it is listed.")]


@strawberry.type(description="Questions about tokens.")
class TokenQueries:
    """Fields of the root of questions."""

    @resolved(
        "The tokens of the business; those that stopped working stay listed for 30 days. For the owner."
    )
    async def tokens(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this member's.")
        ] = None,
    ) -> list[to.Token]:
        """Answer with the tokens."""
        question = Tokens(member_key(member_id) if member_id is not None else None)
        return [to.token(one) for one in await info.context.ask(question)]


@strawberry.type(description="Commands about tokens.")
class TokenMutations:
    """Fields of the root of commands."""

    @told("Make a token. For the owner.")
    async def create_token(self, info: Info, input: to.CreateTokenInput) -> to.NewTokenPayload:
        """Make it."""
        command = CreateToken(
            member_key(input.member_id),
            plain(input.label) or "",
            input.valid_days,
            read_only=input.read_only,
            permissions=tuple(plain(one) or "" for one in input.permissions)
            if input.permissions is not None
            else None,
            customers_of=plain(input.customers_of),
        )
        return await _made(info, await info.context.execute(command))

    @told("Make a token in place of another, with the same rights and as long a life. For the owner.")
    async def rotate_token(
        self,
        info: Info,
        token_id: TokenId,
        keep_hours: Annotated[
            int, strawberry.argument(description="How long the old one works on, 0 to 168.")
        ] = 24,
    ) -> to.NewTokenPayload:
        """Replace it."""
        return await _made(info, await info.context.execute(RotateToken(plain_key(token_id), keep_hours)))

    @told("Let a token work no longer, at once. For the owner.")
    async def revoke_token(self, info: Info, token_id: TokenId) -> to.TokenPayload:
        """Revoke it."""
        view = await info.context.execute(RevokeToken(plain_key(token_id)))
        return to.TokenPayload(token=to.token(view))


async def _made(info: Info, secret: str) -> to.NewTokenPayload:
    key: UUID = id_of(secret)
    listed = await info.context.ask(Tokens())
    (view,) = (one for one in listed if one.id == key)
    return to.NewTokenPayload(token=to.token(view), secret=secret)
