"""The exchange between the bot and the people: it numbers, keeps and passes on what either side says."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.phone.journal import Journal, Record
from bot.phone.markup import Marked
from bot.phone.memory import QUERY_LIFE, Json, Memory, StoredFile
from bot.phone.people import BY_NUMBER, DEMO_TOKEN, PEOPLE, Person, bot_user
from bot.phone.refusals import Refused, bad_request
from kit.clock import Clock, system_clock

LONGEST_POLL = 50.0
LINGER = 3.0
BACKLOG = 1000
PAGE = 60

Listener = asyncio.Queue[Json | None]


@dataclass(frozen=True, slots=True)
class Options:
    """How the exchange behaves: the bot's token, the size of a file, and the pause between two messages (s)."""

    token: str = DEMO_TOKEN
    max_file_bytes: int = 20 * 1024 * 1024
    seconds_between_messages: float = 0.0


class Exchange:
    """Everything said between one bot and a few people, kept in a folder; used from one event loop."""

    def __init__(self, folder: Path, options: Options, *, clock: Clock = system_clock) -> None:
        """Read the folder's journal and make it compact; raises Retryable if another process holds it."""
        self.options = options
        self.bot = bot_user(options.token)
        self._clock = clock
        self._files = folder / "files"
        self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._journal = Journal(folder / "journal.jsonl")
        self._memory = Memory(next_update=self.now())
        for record in self._journal.read():
            self._memory.apply(record)
        self._memory.forget_old(self.now())
        for unused in self._memory.drop_unused_files():
            (self._files / unused.file_id).unlink(missing_ok=True)
        self._journal.rewrite(self._memory.records())
        self._listeners: dict[int, set[Listener]] = {person.number: set() for person in PEOPLE}
        self._last_sent: dict[int, float] = {}
        self._allowed: frozenset[str] | None = None
        self._bell = asyncio.Event()
        self._ticket = 0
        self._polls = 0
        self._closed = False
        self.online = False

    def now(self) -> int:
        """Return the present second."""
        return int(self._clock().timestamp())

    def close(self) -> None:
        """End every open poll and stream, and let go of the folder."""
        self._closed = True
        self._bell.set()
        for listeners in self._listeners.values():
            for listener in listeners:
                _offer(listener, None)
        self._journal.close()

    # What the bot asks.

    async def updates(self, offset: int, limit: int, timeout: float, allowed: object = None) -> list[Json]:
        """Confirm what lies below `offset`, then return waiting updates, at the latest after `timeout` seconds.

        Raises 409 when a later call takes over, as the real server ends the older of two polls.
        """
        if isinstance(allowed, list):
            self._allowed = frozenset(map(str, allowed)) or None
        self._ticket += 1
        ticket = self._ticket
        self._bell.set()
        self._confirm(offset)
        self._polls += 1
        self._show_presence()
        try:
            return await self._wait(ticket, limit, min(max(timeout, 0.0), LONGEST_POLL))
        finally:
            self._polls -= 1
            asyncio.get_running_loop().call_later(LINGER, self._show_presence)

    def post(self, chat: int, parts: Json) -> Json:
        """Put a message of the bot into a chat and return it; `parts` are its fields beside the common ones."""
        person = self._reachable(chat)
        pause = self.options.seconds_between_messages
        clock = self._clock().timestamp()
        if pause and clock < self._last_sent.get(chat, 0.0) + pause:
            wait = max(1, round(self._last_sent[chat] + pause - clock))
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self._last_sent[chat] = clock
        return self._say(person, self.bot, parts)

    def message(self, chat: int, number: int) -> Json | None:
        """Return a message of a chat; raises 400 for a chat that doesn't exist."""
        self._person(chat)
        return self._memory.chat(chat).messages.get(number)

    def change(self, message: Json) -> Json:
        """Put a changed message in the place of the one with its number."""
        changed = {**message, "edit_date": self.now()}
        self._commit({"record": "message", "message": changed})
        self._tell(message["chat"]["id"], {"kind": "message", "message": changed})
        return changed

    def remove(self, chat: int, numbers: Sequence[int]) -> None:
        """Take messages out of a chat; numbers that aren't there are left."""
        self._person(chat)
        self._commit({"record": "deleted", "chat": chat, "ids": list(numbers)})
        self._tell(chat, {"kind": "deleted", "ids": list(numbers)})

    def answer(self, query: str, text: str, style: str, url: str) -> None:
        """Answer a pressed button: `style` is toast or alert; raises 400 when it is too late or done already."""
        held = self._memory.queries.get(query)
        if held is None or held["at"] < self.now() - QUERY_LIFE:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self._commit({"record": "answered", "query": query})
        self._tell(held["chat"], {"kind": "answer", "query": query, "text": text, "style": style, "url": url})

    def busy(self, chat: int, action: str) -> None:
        """Show in a chat what the bot is doing."""
        self._reachable(chat)
        self._tell(chat, {"kind": "busy", "action": action})

    def set_profile(self, name: str, value: object) -> None:
        """Keep a part of the bot's profile (commands, description, menu) and show it to everybody."""
        self._commit({"record": "profile", "name": name, "value": value})
        for person in PEOPLE:
            self._tell(person.number, self.profile(person))

    def profile_value(self, name: str, default: object) -> Any:
        """Return a part of the bot's profile as it was set."""
        return self._memory.profile.get(name, default)

    def waiting(self) -> int:
        """Return how many updates wait for the bot."""
        return len(self._memory.updates)

    def drop_waiting(self) -> None:
        """Drop the updates that wait for the bot."""
        self._confirm(self._memory.next_update)

    def chat_info(self, chat: int) -> Json:
        """Return a ChatFullInfo; raises 400 for a chat that doesn't exist."""
        gifts = (
            "unlimited_gifts",
            "limited_gifts",
            "unique_gifts",
            "premium_subscription",
            "gifts_from_channels",
        )
        return {
            **self._person(chat).as_chat(),
            "accent_color_id": 0,
            "max_reaction_count": 0,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }

    # What a person does.

    def say(self, person: Person, marked: Marked, *, reply_to: int | None = None) -> Json:
        """Pass a person's text on to the bot."""
        parts: Json = {"text": marked.text}
        if marked.entities:
            parts["entities"] = list(marked.entities)
        if reply_to is not None and (replied := self.message(person.number, reply_to)):
            parts["reply_to_message"] = quoted(replied)
        return self.hand_over(person, parts)

    def hand_over(self, person: Person, parts: Json) -> Json:
        """Pass a person's message (text, document or photo) on to the bot."""
        message = self._say(person, self.user(person), parts)
        self._raise_update("message", public(message))
        return message

    def press(self, person: Person, number: int, row: int, column: int, data: str) -> str:
        """Press a button as it was shown to the person; returns the id that its answer will name."""
        message = self.message(person.number, number)
        rows = ((message or {}).get("reply_markup") or {}).get("inline_keyboard", [])
        button = rows[row][column] if 0 <= row < len(rows) and 0 <= column < len(rows[row]) else {}
        if message is None or not data or button.get("callback_data") != data:
            raise Refused(409, "That button is no longer there.")
        query = str(secrets.randbits(62))
        body = {
            "id": query,
            "from": self.user(person),
            "message": public(message),
            "chat_instance": str(7_000_000_000 + person.number),
            "data": data,
        }
        self._raise_update("callback_query", body)
        return query

    def user(self, person: Person) -> Json:
        """Return the Bot API's User of a person, in the language that they chose for their app."""
        return {**person.as_user(), "language_code": self.language(person)}

    def language(self, person: Person) -> str:
        """Return the language of a person's app."""
        return self._memory.languages.get(person.key, person.language)

    def choose_language(self, person: Person, language: str) -> None:
        """Set the language of a person's app."""
        self._commit({"record": "language", "person": person.key, "language": language})
        self._tell(person.number, self.profile(person))

    def said_by_bot(self, person: Person, after: int) -> int:
        """Return how many messages of the bot a person's chat holds after a number: what they haven't seen."""
        messages = self._memory.chat(person.number).messages
        return sum(1 for number, message in messages.items() if number > after and message["from"]["is_bot"])

    def listen(self, person: Person) -> Listener:
        """Return a queue of everything that happens in the person's chat from now on; None ends it."""
        listener: Listener = asyncio.Queue(BACKLOG)
        self._listeners[person.number].add(listener)
        if self._closed:
            _offer(listener, None)
        return listener

    def hang_up(self, person: Person, listener: Listener) -> None:
        """Stop filling a queue."""
        self._listeners[person.number].discard(listener)

    def history(self, person: Person, before: int | None = None) -> Json:
        """Return the newest page of messages, or the page before a message, and whether there are older ones."""
        messages = self._memory.chat(person.number).messages
        numbers = [number for number in sorted(messages) if before is None or number < before]
        return {"messages": [messages[number] for number in numbers[-PAGE:]], "older": len(numbers) > PAGE}

    def snapshot(self, person: Person) -> Json:
        """Return all that the page needs to show the chat as it is now."""
        return {
            "kind": "snapshot",
            **self.history(person),
            "read_to": self._memory.chat(person.number).read_to,
            "online": self.online,
            "profile": self.profile(person),
        }

    def profile(self, person: Person) -> Json:
        """Return the bot's profile as this person sees it: their commands, the description."""
        commands = self._memory.profile.get("commands", {})
        language = self.language(person)
        scopes = (f"chat:{person.number}", "all_private_chats", "default")
        keys = [f"{scope}/{spoken}" for scope in scopes for spoken in (language, "")]
        shown: list[Json] = next((commands[key] for key in keys if commands.get(key)), [])
        own: list[Json] = commands.get(f"chat:{person.number}/", [])
        description = self._memory.profile.get("description", {})
        return {
            "kind": "profile",
            "commands": shown,
            "description": description.get(language) or description.get("", ""),
            # What the bot speaks in this chat: the menu that it gave the chat tells.
            "language": ("hi" if _in_devanagari(own) else "en") if own else language,
        }

    # Files.

    async def keep_file(self, data: bytes, *, name: str, mime: str, folder: str) -> StoredFile:
        """Keep a file's bytes; raises 413 when it is larger than allowed, 400 when it is empty."""
        if len(data) > self.options.max_file_bytes:
            raise Refused(413, "Request Entity Too Large")
        if not data:
            raise bad_request("file must be non-empty")
        file_id = f"phone{secrets.token_hex(16)}"
        await asyncio.to_thread((self._files / file_id).write_bytes, data)
        suffix = Path(name).suffix.lower()
        path = f"{folder}/{file_id}{suffix if suffix[1:].isalnum() and suffix.isascii() else ''}"
        stored = StoredFile(file_id, path, name, mime, len(data))
        self._commit({"record": "file", "file": asdict(stored)})
        return stored

    def file(self, file_id: str) -> StoredFile | None:
        """Return what is known of a kept file."""
        return self._memory.files.get(file_id)

    def place(self, stored: StoredFile) -> Path:
        """Return where a kept file's bytes lie."""
        return self._files / stored.file_id

    # Inside.

    async def _wait(self, ticket: int, limit: int, timeout: float) -> list[Json]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            if ticket != self._ticket:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            batch = [held["update"] for held in self._memory.updates.values()][:limit]
            left = deadline - loop.time()
            if batch or left <= 0 or self._closed:
                return batch
            self._bell.clear()
            try:
                async with asyncio.timeout(left):
                    await self._bell.wait()
            except TimeoutError:
                continue

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            newest = sorted(self._memory.updates)[offset:]
            offset = newest[0] if newest else 0
        if not any(number < offset for number in self._memory.updates):
            return
        reads = self._memory.confirmed_reads(offset)
        self._commit({"record": "confirmed", "below": offset})
        for chat, to in reads.items():
            self._commit({"record": "read", "chat": chat, "to": to})
            self._tell(chat, {"kind": "read", "to": to})

    def _say(self, person: Person, author: Json, parts: Json) -> Json:
        message = {
            "message_id": self._memory.next_message,
            "from": author,
            "chat": person.as_chat(),
            "date": self.now(),
            **parts,
        }
        self._commit({"record": "message", "message": message})
        self._tell(person.number, {"kind": "message", "message": message})
        return message

    def _raise_update(self, kind: str, body: Json) -> None:
        if self._allowed is not None and kind not in self._allowed:
            return
        update = {"update_id": self._memory.next_update, kind: body}
        self._commit({"record": "update", "update": update, "at": self.now()})
        self._bell.set()

    def _commit(self, record: Record) -> None:
        self._journal.append(record)
        self._memory.apply(record)

    def _tell(self, chat: int, event: Json) -> None:
        for listener in self._listeners[chat]:
            _offer(listener, event)

    def _show_presence(self) -> None:
        online = self._polls > 0
        if online != self.online:
            self.online = online
            for person in PEOPLE:
                self._tell(person.number, {"kind": "presence", "online": online})

    def _person(self, chat: int) -> Person:
        person = BY_NUMBER.get(chat)
        if person is None:
            raise bad_request("chat not found")
        return person

    def _reachable(self, chat: int) -> Person:
        person = self._person(chat)
        if not self._memory.chat(chat).started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return person


def public(message: Json) -> Json:
    """Return a message as the Bot API shows it: without what only the page needs."""
    return {name: value for name, value in message.items() if not name.startswith("_")}


def _in_devanagari(commands: list[Json]) -> bool:
    words = [command["description"] for command in commands]
    return sum(any("\u0900" <= letter <= "\u097f" for letter in said) for said in words) * 2 > len(words)


def quoted(message: Json) -> Json:
    """Return a message as it stands within the reply to it."""
    return {name: value for name, value in public(message).items() if name != "reply_to_message"}


def _offer(listener: Listener, event: Json | None) -> None:
    """Queue an event; a reader that fell far behind is ended instead, and comes back for a snapshot."""
    try:
        listener.put_nowait(event)
    except asyncio.QueueFull:
        while not listener.empty():
            listener.get_nowait()
        listener.put_nowait(None)
