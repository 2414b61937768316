"""All that the phone knows, as a fold of its journal: chats, waiting updates, files, the bot's profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.phone.journal import Record

Json = dict[str, Any]

KEPT_MESSAGES = 1000
UPDATE_LIFE = 24 * 3600
QUERY_LIFE = 60


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was sent either way; `path` is its name in the file store and in `getFile`."""

    file_id: str
    path: str
    name: str
    mime: str
    size: int


@dataclass(slots=True)
class Conversation:
    """One private chat: its messages by id, in order, and how far the bot has read."""

    messages: dict[int, Json] = field(default_factory=dict)
    read_to: int = 0
    started: bool = False


@dataclass(slots=True)
class Memory:
    """The model in memory; `apply` is the only thing that changes it."""

    next_update: int
    next_message: int = 1
    chats: dict[int, Conversation] = field(default_factory=dict)
    updates: dict[int, Json] = field(default_factory=dict)
    queries: dict[str, Json] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)

    def chat(self, number: int) -> Conversation:
        """Return the conversation of a chat, an empty one if nothing was said yet."""
        return self.chats.setdefault(number, Conversation())

    def apply(self, record: Record) -> None:
        """Take one record into the model."""
        match record:
            case {"record": "begin", "next_update": int(update), "next_message": int(message)}:
                self.next_update = max(self.next_update, update)
                self.next_message = max(self.next_message, message)
            case {"record": "message", "message": dict(message)}:
                self._message(message)
            case {"record": "deleted", "chat": int(chat), "ids": list(ids)}:
                for number in ids:
                    self.chat(chat).messages.pop(number, None)
            case {"record": "read", "chat": int(chat), "to": int(to)}:
                self.chat(chat).read_to = max(self.chat(chat).read_to, to)
            case {"record": "update", "update": dict(update), "at": int(at)}:
                self._update(update, at)
            case {"record": "confirmed", "below": int(below)}:
                for number in [number for number in self.updates if number < below]:
                    del self.updates[number]
            case {"record": "answered", "query": str(query)}:
                self.queries.pop(query, None)
            case {"record": "profile", "name": str(name), "value": value}:
                self.profile[name] = value
            case {"record": "language", "person": str(person), "language": str(language)}:
                self.languages[person] = language
            case {"record": "file", "file": dict(stored)}:
                self.files[stored["file_id"]] = StoredFile(**stored)
            case _:
                raise ValueError(f"a record of an unknown kind: {str(record.get('record'))[:40]}")

    def confirmed_reads(self, below: int) -> dict[int, int]:
        """Return, by chat, the newest message among the updates that a confirmation below `below` covers."""
        reads: dict[int, int] = {}
        for number, held in self.updates.items():
            message = held["update"].get("message")
            if number < below and message:
                chat = message["chat"]["id"]
                reads[chat] = max(reads.get(chat, 0), message["message_id"])
        return reads

    def forget_old(self, now: int) -> None:
        """Drop what the real server would have dropped by now, and history beyond what is kept."""
        for number in [n for n, held in self.updates.items() if held["at"] < now - UPDATE_LIFE]:
            del self.updates[number]
        for name in [name for name, query in self.queries.items() if query["at"] < now - QUERY_LIFE]:
            del self.queries[name]
        for chat in self.chats.values():
            for number in list(chat.messages)[:-KEPT_MESSAGES]:
                del chat.messages[number]

    def records(self) -> Iterator[Record]:
        """Yield the fewest records whose fold is this memory."""
        yield {"record": "begin", "next_update": self.next_update, "next_message": self.next_message}
        for name, value in self.profile.items():
            yield {"record": "profile", "name": name, "value": value}
        for person, language in self.languages.items():
            yield {"record": "language", "person": person, "language": language}
        for stored in self.files.values():
            yield {"record": "file", "file": asdict(stored)}
        for number, chat in self.chats.items():
            for message in chat.messages.values():
                yield {"record": "message", "message": message}
            yield {"record": "read", "chat": number, "to": chat.read_to}
        for held in self.updates.values():
            yield {"record": "update", **held}

    def drop_unused_files(self) -> list[StoredFile]:
        """Forget the files that no kept message or waiting update shows; return them."""
        shown = set(_file_ids(message for chat in self.chats.values() for message in chat.messages.values()))
        shown |= set(_file_ids(held["update"].get("message") or {} for held in self.updates.values()))
        unused = [stored for name, stored in self.files.items() if name not in shown]
        for stored in unused:
            del self.files[stored.file_id]
        return unused

    def _message(self, message: Json) -> None:
        chat = self.chat(message["chat"]["id"])
        chat.messages[message["message_id"]] = message
        chat.started = chat.started or not message["from"]["is_bot"]
        self.next_message = max(self.next_message, message["message_id"] + 1)

    def _update(self, update: Json, at: int) -> None:
        self.updates[update["update_id"]] = {"update": update, "at": at}
        self.next_update = max(self.next_update, update["update_id"] + 1)
        query = update.get("callback_query")
        if query:
            self.queries[query["id"]] = {"chat": query["from"]["id"], "at": at}


def _file_ids(messages: Iterable[Json]) -> Iterator[str]:
    for message in messages:
        single = [message[kind] for kind in ("document", "voice") if kind in message]
        for one in [*message.get("photo", []), *single]:
            yield one["file_id"]
