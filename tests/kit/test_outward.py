"""Calls to addresses of strangers: https only, nothing inside, whatever the name says the second time."""

from __future__ import annotations

import pytest

from kit.errors import Rejected, Retryable
from kit.outward import MAX_URL, Outward, checked_url, reachable
from tests.vendors.serving import Faulty, serving


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff0e::1", "2001:db8::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "::7f00:1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_an_address_inside_is_none_of_the_internet(address: str) -> None:
    assert not reachable(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_one(address: str) -> None:
    assert reachable(address)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/hook", "address.not_https"),
        ("ftp://example.com/", "address.not_https"),
        ("file:///etc/passwd", "address.not_https"),
        ("https://", "address.malformed"),
        ("https:///path", "address.malformed"),
        ("https://u:p@example.com/", "address.malformed"),
        ("https://example.com/#part", "address.malformed"),
        ("https://example.com:99999/", "address.malformed"),
        ("https://example.com:0/", "address.malformed"),
        ("https://exa mple.com/", "address.malformed"),
        ("https://example.com/\r\nx: y", "address.malformed"),
        ("https://example.com\\@127.0.0.1/", "address.malformed"),
        ("https://example.com/" + "x" * MAX_URL, "address.malformed"),
        ("https://localhost/", "address.inside"),
        ("https://db/", "address.inside"),
        ("https://db.internal/", "address.inside"),
        ("https://printer.local./", "address.inside"),
        ("https://127.0.0.1/", "address.inside"),
        ("https://[::1]/", "address.inside"),
        ("https://[::ffff:169.254.169.254]/", "address.inside"),
        ("https://2130706433/", "address.inside"),
        ("https://127.1/", "address.inside"),
    ],
)
def test_a_url_that_is_none_of_the_internet_is_refused(url: str, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        checked_url(url, inside=False)
    assert refused.value.code == code


def test_a_url_is_written_as_it_is_called() -> None:
    assert checked_url(" https://Example.com ", inside=False) == "https://example.com/"
    assert checked_url("https://example.com:8443/a?b=c", inside=False) == "https://example.com:8443/a?b=c"
    assert checked_url("https://शर्मा.example/बही", inside=False).startswith("https://xn--")
    assert checked_url("http://127.0.0.1:99/x", inside=True) == "http://127.0.0.1:99/x"


async def test_a_name_that_leads_inside_is_not_called() -> None:
    receiver = Faulty(None)
    with serving(receiver) as base:
        port = base.rsplit(":", 1)[1]

        async def rebound(_: str, __: int) -> list[str]:
            return ["127.0.0.1"]

        outward = Outward(resolve=rebound)
        with pytest.raises(Rejected) as refused:
            await outward.post(f"https://looks-fine.example:{port}/", b"{}", {})
        await outward.close()
    assert refused.value.code == "address.inside"
    assert receiver.calls == []


async def test_one_address_inside_among_several_is_enough() -> None:
    async def several(_: str, __: int) -> list[str]:
        return ["8.8.8.8", "10.0.0.1"]

    outward = Outward(resolve=several)
    with pytest.raises(Rejected):
        await outward.post("https://looks-fine.example/", b"{}", {})
    await outward.close()


async def test_a_name_is_asked_for_anew_and_connected_to_where_it_was_checked() -> None:
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    async def take(_: object) -> Response:
        return Response(b"", 204)

    receiver = Faulty(Starlette(routes=[Route("/hook", take, methods=["POST"])]))
    with serving(receiver) as base:
        port = int(base.rsplit(":", 1)[1])
        outward = Outward(inside=True, resolve=resolve)
        answer = await outward.post(f"http://hooks.example:{port}/hook", b"{}", {"webhook-id": "1"})
        await outward.close()
    assert answer.status == 204
    assert asked == [("hooks.example", port)]
    assert receiver.calls[0].headers["host"] == f"hooks.example:{port}"


async def test_nobody_there_and_a_certificate_of_nobody_may_pass(free_port: int) -> None:
    outward = Outward(inside=True)
    with pytest.raises(Retryable) as failed:
        await outward.post(f"http://127.0.0.1:{free_port}/", b"{}", {})
    assert failed.value.code == "address.unreachable"
    with serving(Faulty(None)) as base, pytest.raises(Retryable) as failed:
        await outward.post(base.replace("http", "https") + "/", b"{}", {})
    await outward.close()
    assert failed.value.code in ("address.tls", "address.unreachable")
