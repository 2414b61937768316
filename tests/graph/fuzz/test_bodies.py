"""Requests that are no requests: bodies, methods, headers, and connections that never end."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.endpoint import MAX_BODY
from tests.graph.fuzz.service import Service, checked
from tests.graph.fuzz.test_calls import EACH

GOOD = b'{"query": "{ me { name } }"}'
BODIES = {
    "nothing": b"", "null": b"null", "a number": b"1", "a text": b'"{ me { name } }"', "a batch": b"[" + GOOD + b"]",
    "a long batch": b"[" + b",".join([GOOD] * 3_000) + b"]", "an empty object": b"{}", "cut": GOOD[:-3], "two": GOOD + GOOD,
    "NaN": b'{"query": "{ me { name } }", "variables": {"a": NaN}}', "1e400": b'{"query": "{ me { name } }", "variables": {"a": 1e400}}',
    "a long number": b'{"query": "{ me { name } }", "variables": {"a": ' + b"9" * 9_000 + b"}}",
    "a surrogate": b'{"query": "{ party(id: \\"\\ud800\\") { id } }"}', "no UTF-8": b'{"query": "\xff\xfe"}', "UTF-16": GOOD.decode().encode("utf-16"),
    "a mark": b"\xef\xbb\xbf" + GOOD, "NUL": b'{"query": "\\u0000"}', "brackets": b"[" * 100_000, "objects": b'{"a":' * 25_000,
    "deep variables": b'{"query": "{ me { name } }", "variables": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "twice the same key": b'{"query": "{ nope }", "query": "{ me { name } }"}', "extensions": b'{"query": "{ me { name } }", "extensions": {"persistedQuery": {"sha256Hash": "x"}}}',
    "query as list": b'{"query": ["{ me { name } }"]}', "variables as text": b'{"query": "{ me { name } }", "variables": "{}"}',
    "variables as list": b'{"query": "{ me { name } }", "variables": []}', "too large": b" " * (MAX_BODY + 1), "just right": GOOD + b" " * (MAX_BODY - len(GOOD)),
    "a bomb": gzip.compress(b" " * 50_000_000), "a comment": b"/* */" + GOOD, "form": b"query=%7Bme%7Bname%7D%7D",
}  # fmt: skip
ANSWERED = {"just right", "extensions", "twice the same key", "deep variables"}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_answered_or_refused(service: Service, name: str) -> None:
    before = service.memory()
    body = checked(service.post(BODIES[name]))
    assert ("errors" not in body) == (name in ANSWERED), body
    assert service.memory() - before < 100


@EACH
@given(raw=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode), st.just(GOOD).flatmap(lambda good: st.tuples(
    st.integers(0, len(good) - 1), st.binary(max_size=3)).map(lambda spoilt: good[: spoilt[0]] + spoilt[1] + good[spoilt[0] + 1 :]))))  # fmt: skip
def test_any_bytes_are_answered_or_refused(service: Service, raw: bytes) -> None:
    checked(service.post(raw))


@pytest.mark.parametrize(
    "media", ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json-seq",
              "application/json;charset=utf-16", "APPLICATION/JSON ; a=b", "application/json" * 1_000, "*/*", ";"]
)  # fmt: skip
def test_only_json_is_read(service: Service, media: str) -> None:
    answer = service.post(GOOD, **{"content-type": media})
    assert checked(answer)
    assert (answer.status_code == 200) == (media.lower().partition(";")[0].strip() == "application/json")


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity", "x"])
def test_nothing_packed_is_unpacked(service: Service, packed: str) -> None:
    bomb = (
        zlib.compress(GOOD + b" " * 50_000_000)
        if packed == "deflate"
        else gzip.compress(GOOD + b" " * 50_000_000)
    )
    before = service.memory()
    answer = service.post(bomb, **{"content-encoding": packed})
    assert "errors" in checked(answer)
    assert service.memory() - before < 100


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]
)
def test_only_post_is_answered(service: Service, method: str) -> None:
    answer = service.send(method, "/graphql", "owner", params={"query": "{ me { name } }"})
    assert answer.status_code in (405, 403)
    assert "Ramesh" not in answer.text


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer x", "Basic b3duZXI6", "Bearer " + "x" * 8_000, "Bearer munt_", "Bearer munt_zz_x", "bearer a b c", "Bearer \t;",
             "Bearer ../../x", "Bearer %00", "Bearer munt_00000000000000000000000000000000_x", "Bearer " + "é" * 50]
)  # fmt: skip
def test_wrong_tokens_are_refused(service: Service, said: str) -> None:
    for path in ("/graphql", "/files", "/attachments"):
        answer = service.send("POST", path, content=GOOD, headers={
            "content-type": "application/json", "authorization": said.encode("latin-1"),
        })  # fmt: skip
        assert answer.status_code == 401
        checked(answer)
    assert (
        service.send(
            "GET", "/export/audit.jsonl", headers={"authorization": said.encode("latin-1")}
        ).status_code
        == 401
    )


def _raw(service: Service, *pieces: bytes, pause: float = 0.0, within: float = 25.0) -> bytes:
    """Send pieces over a connection of its own; return what comes until the other side is silent."""
    service.tally["raw"] += 1
    with socket.create_connection(("127.0.0.1", service.port), timeout=within) as wire:
        try:
            for piece in pieces:
                wire.sendall(piece)
                time.sleep(pause)
            got = wire.recv(65_536)
        except (ConnectionError, TimeoutError):
            return b""
    return got


def _head(service: Service, *more: str) -> bytes:
    lines = (
        "POST /graphql HTTP/1.1",
        f"Host: 127.0.0.1:{service.port}",
        f"Authorization: Bearer {service.token('owner')}",
        "Content-Type: application/json",
        *more,
    )
    return "\r\n".join((*lines, "", "")).encode()


def test_a_body_in_chunks_is_read(service: Service) -> None:
    chunks = [
        f"{len(GOOD[at : at + 5]):x}\r\n".encode() + GOOD[at : at + 5] + b"\r\n"
        for at in range(0, len(GOOD), 5)
    ]
    got = _raw(service, _head(service, "Transfer-Encoding: chunked"), *chunks, b"0\r\n\r\n", pause=0.02)
    assert got.startswith(b"HTTP/1.1 200")


def test_a_body_without_end_is_cut_at_the_limit(service: Service) -> None:
    endless = [b"8000\r\n" + b" " * 0x8000 + b"\r\n"] * 40
    got = _raw(service, _head(service, "Transfer-Encoding: chunked"), *endless)
    assert got == b"" or got.startswith(b"HTTP/1.1 413")


def test_a_body_that_never_comes_is_not_waited_for_without_end(service: Service) -> None:
    got = _raw(service, _head(service, "Content-Length: 1000"), GOOD, within=30.0)
    assert got.startswith(b"HTTP/1.1 200")
    assert b"query.timeout" in got


@pytest.mark.parametrize(
    "lines", [("Content-Length: -1",), ("Content-Length: x",), ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 99999999999999999999",),
              ("Transfer-Encoding: chunked", "Content-Length: 3"), ("Transfer-Encoding: x",), ("X-A: " + "a" * 70_000,), ("X: \x00",), (" folded",),
              *[tuple(f"X-{n}: {n}" for n in range(2_000))]]
)  # fmt: skip
def test_heads_that_lie_are_refused(service: Service, lines: tuple[str, ...]) -> None:
    got = _raw(service, _head(service, *lines), b"0\r\n\r\n", within=15.0)
    assert b" 500 " not in got[:40]
    assert checked(service.post(GOOD))["data"]["me"]["name"]


@EACH
@given(raw=st.binary(min_size=1, max_size=200))
def test_bytes_that_are_no_http_are_no_harm(service: Service, raw: bytes) -> None:
    got = _raw(service, raw + b"\r\n\r\n", within=1.0)
    assert b" 500 " not in got[:40]


def test_half_open_connections_keep_nobody_out(service: Service) -> None:
    held = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(200)]
    try:
        for one in held:
            one.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\n")
        assert checked(service.post(GOOD))["data"]["me"]["name"]
    finally:
        for one in held:
            one.close()


def test_a_caller_who_leaves_is_forgotten(service: Service) -> None:
    body = json.dumps({"query": "{ parties(first: 200) { totalCount nodes { name } } }"}).encode()
    for _ in range(20):
        service.tally["raw"] += 1
        with socket.create_connection(("127.0.0.1", service.port)) as wire:
            wire.sendall(_head(service, f"Content-Length: {len(body)}") + body)
    answered: Any = service.ask("{ me { name } }")
    assert answered["data"]["me"]["name"]
