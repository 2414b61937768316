"""All areas of the chat; one more is a module with its cards, and a line here."""

from __future__ import annotations

from bot.handlers.advice import Advice
from bot.handlers.area import Area
from bot.handlers.asking import Asking
from bot.handlers.audit import Audit
from bot.handlers.calls import Calls
from bot.handlers.cheques import Cheques
from bot.handlers.claims import Claims
from bot.handlers.customers import Customers
from bot.handlers.first_run import FirstRun
from bot.handlers.goods import Goods
from bot.handlers.kept import Kept
from bot.handlers.language import Language
from bot.handlers.money_ahead import MoneyAhead
from bot.handlers.overview import Overview
from bot.handlers.pages import Pages
from bot.handlers.payables import Payables
from bot.handlers.payments import Payments
from bot.handlers.people import People
from bot.handlers.picking import Picking
from bot.handlers.questions import Questions
from bot.handlers.reminders import Reminders
from bot.handlers.settings import Settings
from bot.handlers.statements import Statements
from bot.handlers.workflow import Workflow

AREAS: tuple[type[Area], ...] = (
    Overview,
    Customers,
    Payments,
    Calls,
    Cheques,
    Goods,
    Asking,
    Payables,
    Questions,
    Picking,
    Advice,
    Workflow,
    MoneyAhead,
    Reminders,
    Settings,
    Statements,
    Pages,
    Audit,
    Language,
    Claims,
    Kept,
    People,
    FirstRun,
)
