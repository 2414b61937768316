"""A thousand chats, each walked through by twenty random acts: what the chat says is what GraphQL says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kit.errors import Denied, Rejected
from ledger.commands import ResolveConflict
from ledger.commands.preferences import SetLanguage
from ledger.queries import Conflicts
from tests.bot.walking import CUSTOMERS, Chat, Loop, World, amounts, closed, make_world
from tests.conftest import Cluster

CHATS, ACTS, SHARES = 1_000, 20, 4
WORDS = (
    "/digest", "/owes", "/owe", "/questions", "/cash", "/dues", "/tally", "/fix", "/help", "/nonsense",
    "sharma kitna baaki hai", "kisne paisa nahi diya", "Gupta", "INV-10", "17,700", "शर्मा", "friday", "50000",
    "kal", "paid", "UTR HDFCN52026111800", "\u202eevil\u200b", "<b>Khan", "😀" * 40, "x" * 4_000, "12/13/2026",
)  # fmt: skip


@pytest.fixture(scope="module")
def loop() -> Loop:
    """The loop that the chats live on."""
    return Loop()


@pytest.fixture(scope="module")
def world(wheel_cluster: Cluster, loop: Loop) -> Iterator[World]:
    """A database with the pattern of a firm."""
    database = wheel_cluster.clone()
    yield from closed(loop, loop.run(make_world(database.url)))
    wheel_cluster.drop(database.name)


class Walk(RuleBasedStateMachine):
    """Twenty acts in one chat: typing, tapping, money that comes, a colleague who answers, time that passes."""

    loop: ClassVar[Loop]
    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.acts = 0

    @initialize()
    def opens(self) -> None:
        """A chat is opened."""
        self.world.clock.now = self.world.clock.now.replace(hour=4, minute=0)
        self.chat = self.loop.run(Chat.begin(self.world))
        self.loop.run(self.chat.says("/digest"))

    @rule(text=st.sampled_from(WORDS))
    def types(self, text: str) -> None:
        """Somebody types."""
        self.loop.run(self.chat.says(text))

    @rule(place=st.integers(0, 200), twice=st.booleans())
    def taps(self, place: int, twice: bool) -> None:
        """Somebody taps one of the last buttons, perhaps twice."""
        if offered := self.chat.newest():
            message, _, data = offered[place % len(offered)]
            for _ in range(1 + twice):
                self.loop.run(self.chat.taps(message, data))

    @rule(place=st.integers(0, 2_000))
    def taps_an_old_one(self, place: int) -> None:
        """Somebody scrolls up and taps."""
        if self.chat.seen:
            self.loop.run(self.chat.taps(*self.chat.seen[place % len(self.chat.seen)]))

    @rule(
        payer=st.sampled_from(CUSTOMERS),
        amount=st.sampled_from((590_000, 1_180_000, 1_191_800, 100_000, 77_700)),
    )
    def money(self, payer: str, amount: int) -> None:
        """The bank shows money."""
        self.loop.run(self.chat.money(payer.upper(), amount))

    @rule(place=st.integers(0, 9))
    def colleague(self, place: int) -> None:
        """The accountant answers the first question from her own phone."""
        self.loop.run(self._colleague(place))

    async def _colleague(self, place: int) -> None:
        page = await self.chat.door.query(Conflicts(first=1), self.chat.helper)
        for view in page.rows:
            answer = view.answers[place % len(view.answers)].id
            try:
                await self.chat.door.execute(
                    ResolveConflict(view.id, answer, version=view.version), self.chat.helper
                )
            except (Denied, Rejected):  # what only the owner may decide, or needs his choice
                continue
        await self.chat.settle()

    @rule(hours=st.sampled_from((1, 26)))
    def time(self, hours: int) -> None:
        """Time passes."""
        self.world.clock.advance(hours=hours)
        self.loop.run(self.chat.settle())

    @invariant()
    def same(self) -> None:
        """What the chat says is what GraphQL says, and nothing went wrong on the way."""
        if not hasattr(self, "chat"):
            return
        wrong = [message.text for message in self.chat.messages.values() if "went wrong" in message.text]
        assert not wrong
        self.acts += 1
        if self.acts == ACTS // 2:
            self.loop.run(self._same(customers=1))

    async def _same(self, *, customers: int) -> None:
        """Hold the digest and the cards of some customers against GraphQL."""
        await self.chat.settle()
        # He may have chosen Hindi on the way.
        await self.chat.door.execute(SetLanguage("en"), self.chat.owner)
        state = await self.chat.state()
        await self.chat.says("/digest")
        digest = max(self.chat.messages.values(), key=lambda message: message.id).text
        collect = state["digest"]["toCollect"]["minor"]
        said = amounts(digest, "To collect")
        assert said == ([(collect + 50) // 100 * 100] if collect else []), digest
        assert state["digest"]["questions"] == state["conflicts"]["openCount"]
        waiting = state["conflicts"]["openCount"]
        assert (f"{waiting} entr" in digest) == bool(waiting), digest
        ours = [party for party in state["parties"]["nodes"] if party["isCustomer"]]
        for party in ours[:customers]:
            await self.chat.says(f"/find {party['name']}")
            card = max(self.chat.messages.values(), key=lambda message: message.id).text
            net = party["net"]["minor"]
            assert amounts(card, "To collect") == ([net] if net > 0 else []), card
            assert ("Will pay" in card) == bool(party["promiseOn"] and not party["promiseBroken"]), card

    def teardown(self) -> None:
        """The last look."""
        if hasattr(self, "chat"):
            self.loop.run(self._same(customers=len(CUSTOMERS)))
            self.loop.run(self.chat.end())


@pytest.mark.parametrize("share", range(SHARES))
def test_the_chat_says_what_graphql_says_after_any_twenty_acts(share: int, world: World, loop: Loop) -> None:
    Walk.loop, Walk.world = loop, world
    walk = seed(7 + share)(type(f"Walk{share}", (Walk,), {}))
    before = world.chats
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        walk,
        settings=settings(
            max_examples=CHATS // SHARES,
            stateful_step_count=ACTS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        ),
    )
    assert world.chats - before >= CHATS // SHARES
