"""What is shown of rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule in one line.

    `origin`: shipped, own, or override (own text under a shipped name). `version` of the newest own text, 0: none;
    `in_force` of the one that judges, 0: the shipped one, None: none. `shipped_changed`: the shipped rule has changed
    since it was overridden. `problem`: why it rests. `facts` that it speaks of; `open` questions of it.
    """

    name: str
    title: str
    origin: str
    severity: str
    expectation: str
    enabled: bool
    place: int
    version: int
    in_force: int | None
    shipped_changed: bool
    problem: str | None
    facts: tuple[str, ...]
    open: int


@dataclass(frozen=True, slots=True)
class RuleVersionView:
    """One published text, or a withdrawal (`state` withdrawn, no text)."""

    version: int
    state: str
    text: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RuleInFull:
    """A rule with the text that judges, the shipped text if there is one, and its versions, newest first."""

    rule: RuleView
    text: str
    shipped_text: str | None
    versions: tuple[RuleVersionView, ...]


@dataclass(frozen=True, slots=True)
class MistakeView:
    """One mistake in a text; `suggestion` is the nearest valid word."""

    line: int
    message: str
    suggestion: str | None


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """Whether a text is a rule: its name and title, or its mistakes."""

    name: str | None
    title: str | None
    mistakes: tuple[MistakeView, ...]


@dataclass(frozen=True, slots=True)
class PreviewedView:
    """One question that a preview tells of; `becomes`: opened, waiting, changed, reopened, cleared."""

    becomes: str
    title: str


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What a rule would do now: questions asked at once, or after the quiet window (`waiting`), asked anew or cleared.

    `examples` are the first 20. `cut` says in words why it wasn't looked at to the end (the counts are then empty); such
    a rule can't be published.
    """

    rule: str
    opened: int
    waiting: int
    changed: int
    reopened: int
    cleared: int
    examples: tuple[PreviewedView, ...]
    cut: str | None = None
