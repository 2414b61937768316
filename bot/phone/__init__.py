"""The phone: a chat page and the small local Bot API server behind it, for a bot without a Telegram token."""

from bot.phone.people import DEMO_TOKEN, PEOPLE, Person
from bot.phone.server import Phone, phone_of, routes
from bot.phone.state import Options

__all__ = ["DEMO_TOKEN", "PEOPLE", "Options", "Person", "Phone", "phone_of", "routes"]
