"""What the books lack, over GraphQL: the list, its file, and how the books call what is written into it."""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

import strawberry

from graph.types import to_enter as to_show
from graph.types.basics import After, First, Info, plain, resolved, told, word
from ledger.commands.to_enter import NameLedgers
from ledger.queries.to_enter import ToEnter, ToEnterFile

Company = Annotated[
    str | None, strawberry.argument(description="Whose books, where the business keeps several companies.")
]


@strawberry.input(description="How the books call something.")
class LedgerNameInput:
    """A ledger's name."""

    kind: str = strawberry.field(description="What it stands for: tds, bank_charge, round_off, bank:icici …")
    ledger: str | None = strawberry.field(
        default=None, description="Its name in the books; null takes it back."
    )


@strawberry.type(description="A ledger's name.")
class LedgerName:
    """What a ledger stands for."""

    kind: str = strawberry.field(description="What it stands for.")
    ledger: str = strawberry.field(description="Its name in the books.")


@strawberry.type
class ToEnterQueries:
    """Questions about what the books lack."""

    @resolved("What we know and the books don't show. For owner, finance and view-only members.")
    async def to_enter(
        self, info: Info, first: First = 50, after: After = None, company: Company = None
    ) -> to_show.ToEnterConnection:
        """Answer with a page of lines."""
        question = ToEnter(first=first, after=plain(after), company=plain(company))
        return to_show.to_enter(await info.context.ask(question), question)

    @resolved("The whole list as a file.")
    async def to_enter_file(
        self,
        info: Info,
        format: Annotated[to_show.ToEnterFormat, strawberry.argument(description="What kind of file.")],
        company: Company = None,
    ) -> to_show.ToEnterFile:
        """Answer with the file."""
        made = await info.context.ask(ToEnterFile(word(format), plain(company)))
        return to_show.ToEnterFile(
            filename=made.filename,
            content=b64encode(made.content).decode(),
            vouchers=made.vouchers,
            left_out=made.left_out,
        )


@strawberry.type
class ToEnterMutations:
    """Commands about what is written into the books' files."""

    @told("Say how the books call what is written into their files. For owner and finance.")
    async def name_ledgers(self, info: Info, input: list[LedgerNameInput]) -> list[LedgerName]:
        """Keep the names; answer with all of them."""
        given = {plain(one.kind) or "": plain(one.ledger) for one in input}
        kept = await info.context.execute(NameLedgers(given))
        return [LedgerName(kind=kind, ledger=ledger) for kind, ledger in sorted(kept.items())]
