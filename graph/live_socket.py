"""graphql-transport-ws at /graphql: who is there, what he follows, and an end to whoever overdoes it.

The protocol's handler is our own: errors carry our codes and are masked as everywhere, the database's snapshot ends
before an answer is sent (a slow reader holds no connection), and every message is preceded by a look at the token.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

import orjson
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    OperationType,
    create_source_event_stream,
    map_source_to_response_event,
)
from graphql.execution import execute_root_selection_set
from prometheus_client import Counter
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.execution import optimized_is_awaitable

from graph.address import address_of
from graph.auth import Authenticator
from graph.errors import masked, shown
from graph.fast_rows import RowExecutor
from graph.follow import Follower
from graph.limits import MAX_QUERY
from graph.live import LiveRequest
from graph.rates import Rates, TooMany
from graph.schema import prepare, schema
from graph.throttle import Throttle
from kit.errors import Denied, MunshiError, Rejected, Retryable
from kit.logs import logger
from ledger.dispatch import Door
from ledger.domain.roles import Actor

log = logger(__name__)
PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 5.0
CHECK_SECONDS = 3.0
"""How often a silent connection's token is looked at."""
SEND_SECONDS = 20.0
"""A reader that takes nothing for so long is left: he comes again from the sequence that he has."""
EVENT_SECONDS = 10.0
MAX_MESSAGE = 64 * 1024
MAX_CONNECTIONS = 10
"""Of one token, in this process."""
MAX_SUBSCRIPTIONS = 50
"""Of one token, in this process."""
CONNECTS_PER_MINUTE = 120
"""From one address."""
MAX_ID = 200
TOLD = Counter("munshi_live_messages_total", "Messages to subscribers", ["type"])
CLOSED = Counter("munshi_live_closed_total", "Connections of subscribers that we ended", ["code"])


class Closing(Exception):
    """End the connection with a code of the protocol and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class LiveEndpoint:
    """The endpoint for websockets; one for a process, with what its connections share."""

    def __init__(
        self,
        door: Door,
        authenticator: Authenticator,
        follower: Follower,
        *,
        rates: Rates,
        origins: Iterable[str] = (),
        public_url: str = "",
        development: bool = False,
    ) -> None:
        self.door = door
        self.authenticator = authenticator
        self.follower = follower
        self.rates = rates
        self.public_url = public_url.rstrip("/")
        self.development = development
        self.connections: Tally[Any] = Tally()
        self.subscriptions: Tally[Any] = Tally()
        own = urlsplit(self.public_url)
        self._origins = {f"{own.scheme}://{own.netloc}", *origins}
        self._connects = Throttle(CONNECTS_PER_MINUTE)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection; a foreign page's script, or one who speaks another protocol, is refused with 403."""
        origin = socket.headers.get("origin")
        if (
            (origin is not None and origin not in self._origins)
            or PROTOCOL not in socket.scope["subprotocols"]
            or not self._connects.allows(address_of(socket))
        ):
            await socket.close()
            return
        await socket.accept(subprotocol=PROTOCOL)
        await _Connection(self, socket).serve()


class _Connection:
    """One connection: its member, and what it follows."""

    def __init__(self, endpoint: LiveEndpoint, socket: WebSocket) -> None:
        self._endpoint = endpoint
        self._socket = socket
        self._authorization: str | None = None
        self._actor: Actor | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(2 * MAX_SUBSCRIPTIONS)
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        """Serve until one of us ends it."""
        closing: Closing | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._receive())
                tasks.create_task(self._keep_looking())
        except* Closing as ended:
            closing = next(_leaves(ended))
        except* (WebSocketDisconnect, TimeoutError):
            pass
        except* Exception as failed:
            masked(next(_leaves(failed)))
            closing = Closing(1011, "Something went wrong on our side.")
        finally:
            if self._actor is not None:
                self._endpoint.connections[self._key] -= 1
        if closing is not None:
            CLOSED.labels(str(closing.code)).inc()
            with suppress(Exception):  # whoever takes nothing doesn't take this either
                async with asyncio.timeout(SEND_SECONDS):
                    await self._socket.close(closing.code, closing.reason)

    # ---- what comes ------------------------------------------------------------------------------
    async def _receive(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._begin(await self._message())
        except TimeoutError:
            raise Closing(4408, "Connection initialisation timeout") from None
        while True:
            message = await self._message()
            match message.get("type"):
                case "ping":
                    await self._send({"type": "pong"})
                case "pong":
                    pass
                case "subscribe":
                    await self._subscribe(message)
                case "complete":
                    task = self._running.pop(_id_of(message), None)
                    if task is not None:
                        task.cancel()
                case "connection_init":
                    raise Closing(4429, "Too many initialisation requests")
                case _:
                    raise Closing(4400, "Invalid message")

    async def _message(self) -> dict[str, Any]:
        got = await self._socket.receive()
        if got["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(got.get("code", 1005))
        text = got.get("text")
        if text is None:
            raise Closing(4400, "Messages are text.")
        if len(text) > MAX_MESSAGE:
            raise Closing(1009, "The message is too big.")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closing(4400, "The message is not JSON.") from None
        if not isinstance(message, dict):
            raise Closing(4400, "Invalid message")
        return message

    async def _begin(self, message: dict[str, Any]) -> None:
        if message.get("type") == "subscribe":
            raise Closing(4401, "Unauthorized")
        if message.get("type") != "connection_init":
            raise Closing(4400, "Begin with connection_init.")
        given = message.get("payload")
        self._authorization = self._socket.headers.get("authorization")
        if isinstance(given, dict):
            said = next((v for k, v in given.items() if str(k).lower() == "authorization"), None)
            if isinstance(said, str):
                self._authorization = said
        elif given is not None:
            raise Closing(4400, "Invalid connection_init payload")
        try:
            actor = await self._endpoint.authenticator.actor(
                self._authorization, address=address_of(self._socket)
            )
        except Denied as denial:
            raise Closing(4403, f"Forbidden: {denial.code}") from None
        except TooMany as spent:
            raise Closing(4429, f"Too many: {spent.code}") from None
        self._key = actor.token_id or actor.label
        if self._endpoint.connections[self._key] >= MAX_CONNECTIONS:
            raise Closing(4429, f"A token has at most {MAX_CONNECTIONS} connections.")
        self._endpoint.connections[self._key] += 1
        self._actor = actor
        await self._send({"type": "connection_ack"})

    # ---- who is there ----------------------------------------------------------------------------
    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if self._actor is not None:
                await self._look()

    async def _look(self) -> None:
        """End the connection if the token isn't what it was: revoked, expired, or of a member with other rights."""
        try:
            actor = await self._endpoint.authenticator.actor(
                self._authorization, address=address_of(self._socket)
            )
        except Denied as denial:
            raise Closing(4403, f"Forbidden: {denial.code}") from None
        except (MunshiError, OSError, TimeoutError) as error:  # an outage says nothing about the token
            log.warning("live.unlooked", error=type(error).__name__)
            return
        if actor != self._actor:
            raise Closing(4403, "Forbidden: your rights have changed, connect again")

    # ---- what is followed ------------------------------------------------------------------------
    async def _subscribe(self, message: dict[str, Any]) -> None:
        name, payload = _id_of(message), message.get("payload")
        if not isinstance(payload, dict):
            raise Closing(4400, "Invalid message")
        if name in self._running:
            raise Closing(4409, f"Subscriber for {name} already exists")
        # Refused and ended ones take room until they are told so: who floods waits.
        await self._room.acquire()
        task = self._running[name] = self._tasks.create_task(self._follow(name, payload))
        task.add_done_callback(lambda _: self._room.release())

    async def _follow(self, name: str, payload: dict[str, Any]) -> None:
        taken = self._endpoint.subscriptions
        taken[self._key] += 1
        errors: list[dict[str, Any]] | None = None
        try:
            if taken[self._key] > MAX_SUBSCRIPTIONS:
                raise Rejected(
                    "limit.subscriptions", f"A token has at most {MAX_SUBSCRIPTIONS} subscriptions."
                )
            errors = await self._tell_all(name, payload)
        except (Closing, WebSocketDisconnect):
            raise
        except GraphQLError as error:
            errors = [shown(error)]
        except MunshiError as error:
            errors = [shown(GraphQLError(error.message, original_error=error))]
        except Exception as error:
            errors = [{**masked(error)}]
        finally:
            taken[self._key] -= 1
        if self._running.pop(name, None) is None:
            return
        if errors is not None:
            await self._send({"id": name, "type": "error", "payload": errors})
        else:
            await self._send({"id": name, "type": "complete"})

    async def _tell_all(self, name: str, payload: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Send what a subscription yields; return the errors that kept it from beginning."""
        endpoint = self._endpoint
        assert self._actor is not None
        endpoint.rates.admit(self._actor.token_id)
        context = LiveRequest(
            endpoint.door, self._actor, public_url=endpoint.public_url, development=endpoint.development
        )
        context.follower = endpoint.follower
        try:
            stream = await _stream(payload, context)
            if isinstance(stream, ExecutionResult):
                return [shown(error) for error in stream.errors or ()]
            async with aclosing(stream):
                async for result in stream:
                    await self._look()
                    endpoint.rates.charge(self._actor.token_id, context.cost)
                    body: dict[str, Any] = {"data": result.data}
                    if result.errors:
                        body["errors"] = [shown(error) for error in result.errors]
                    await self._send({"id": name, "type": "next", "payload": body})
        finally:
            await context.close()
        return None

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._socket.send_text(orjson.dumps(message).decode())
        except TimeoutError:
            raise Closing(4408, "Nobody takes what is sent: come again from your last sequence") from None
        except RuntimeError:  # the connection was closed while we wrote
            raise WebSocketDisconnect(1006) from None
        TOLD.labels(message["type"]).inc()


async def _stream(
    payload: dict[str, Any], context: LiveRequest
) -> AsyncGenerator[ExecutionResult, None] | ExecutionResult:
    query, variables, operation = (payload.get(part) for part in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip() or len(query) > MAX_QUERY:
        raise Rejected("request.query", f"The payload needs a query of at most {MAX_QUERY} characters.")
    if variables is not None and not isinstance(variables, dict):
        raise Rejected("request.variables", "variables must be an object.")
    if operation is not None and not isinstance(operation, str):
        raise Rejected("request.operation", "operationName must be a text.")
    document = prepare(query)
    if document.errors:
        return ExecutionResult(None, list(document.errors))
    if document.operations.get(operation or None) is not OperationType.SUBSCRIPTION:
        raise Rejected(
            "graphql.not_subscription",
            "Only subscriptions are followed here.",
            remedy="POST queries and mutations.",
        )
    context.cost = document.cost(operation or None, variables)
    executor = RowExecutor.build(
        schema._schema,
        document.node,
        context_value=context,
        raw_variable_values=variables,
        operation_name=operation or None,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
    )
    if isinstance(executor, list):
        return ExecutionResult(None, errors=executor)
    source: Any = create_source_event_stream(executor)
    events: AsyncIterable[Any] | ExecutionResult = await source if executor.is_awaitable(source) else source
    if isinstance(events, ExecutionResult):
        return events

    async def answer(one: Executor[Any]) -> ExecutionResult:
        """Execute one event, and let the snapshot go before the answer is sent."""
        try:
            async with asyncio.timeout(EVENT_SECONDS):
                result = execute_root_selection_set(one)
                if isinstance(result, ExecutionResult):
                    return result
                return await result
        except TimeoutError:
            late = Retryable("query.timeout", f"The answer took longer than {EVENT_SECONDS:g} seconds.")
            return ExecutionResult(None, [GraphQLError(late.message, original_error=late)])
        finally:
            await context.rest()

    return map_source_to_response_event(executor, events, answer)


def _id_of(message: dict[str, Any]) -> str:
    name = message.get("id")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_ID:
        raise Closing(4400, "Invalid message")
    return name


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[Any]:
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _leaves(one)
        else:
            yield one
