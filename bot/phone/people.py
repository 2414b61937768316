"""The few people who may hold the phone: each has a private chat with the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DEMO_TOKEN = "100000000:MUNSHI-PHONE"  # noqa: S105  (public: it opens nothing but the local phone)
BOT_USERNAME = "munshi_phone_bot"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who chats: `key` names them in the page's address, `number` is their chat and user id."""

    key: str
    number: int
    first_name: str
    last_name: str
    role: str
    language: str = "en"

    def as_user(self) -> dict[str, Any]:
        """Return the Bot API's User of this person."""
        return {
            "id": self.number,
            "is_bot": False,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "username": f"{self.key}_on_the_phone",
            "language_code": self.language,
        }

    def as_chat(self) -> dict[str, Any]:
        """Return the Bot API's Chat between this person and the bot."""
        user = self.as_user()
        return {
            "id": self.number,
            "type": "private",
            "first_name": user["first_name"],
            "last_name": user["last_name"],
            "username": user["username"],
        }


PEOPLE: tuple[Person, ...] = (
    Person("owner", 1001, "Ramesh", "Kulkarni", "Owner"),
    Person("sales", 1002, "Ravi", "Jadhav", "Sales"),
    Person("finance", 1003, "Meena", "Joshi", "Finance"),
    Person("ca", 1004, "Anand", "Deshpande", "Chartered accountant"),
)
BY_KEY = {person.key: person for person in PEOPLE}
BY_NUMBER = {person.number: person for person in PEOPLE}


def bot_user(token: str) -> dict[str, Any]:
    """Return the bot as a User; its id is the number before the colon of the token."""
    number = token.partition(":")[0]
    return {
        "id": int(number) if number.isascii() and number.isdigit() else 100000000,
        "is_bot": True,
        "first_name": "Munshi",
        "username": BOT_USERNAME,
    }
