"""All areas of the chat; one more is a module with its cards, and a line here."""

from __future__ import annotations

from bot.handlers.area import Area
from bot.handlers.asking import Asking
from bot.handlers.money_ahead import MoneyAhead
from bot.handlers.overview import Overview
from bot.handlers.payables import Payables
from bot.handlers.questions import Questions
from bot.handlers.settings import Settings
from bot.handlers.workflow import Workflow

AREAS: tuple[type[Area], ...] = (
    Overview,
    Asking,
    Payables,
    Questions,
    Workflow,
    MoneyAhead,
    Settings,
)
