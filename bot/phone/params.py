"""The parameters of one call, from the query, a form, a multipart body or JSON, read by type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from bot.phone.refusals import Refused, bad_request

_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """Values by name; the readers raise 400 for what isn't of the asked type."""

    values: dict[str, Any]
    uploads: dict[str, Upload]

    def text(self, name: str, default: str = "") -> str:
        """Return a string."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise bad_request(f'field "{name}" must be of type String')
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number; without a default the parameter must be there."""
        value = self.values.get(name, default)
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is None:
            raise bad_request(f'parameter "{name}" is required')
        raise bad_request(f'field "{name}" must be of type Number')

    def yes(self, name: str) -> bool:
        """Return a flag, false when it isn't given."""
        return self.values.get(name, False) in (True, "true", "True", "1", 1)

    def tree(self, name: str) -> Any:
        """Return an object or array, given as JSON or as a string that holds JSON; None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except (orjson.JSONDecodeError, UnicodeEncodeError) as broken:
            raise bad_request(f"can't parse {name} JSON object") from broken


async def read_params(request: Request) -> Params:
    """Read the call's parameters; raises Refused for a body that can't be read."""
    values: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            values |= _json_object(await request.body())
        elif kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
            async with request.form(max_files=12, max_fields=60) as form:
                for name, value in form.multi_items():
                    if isinstance(value, UploadFile):
                        uploads[name] = Upload(
                            value.filename or "", value.content_type or "", await value.read()
                        )
                    else:
                        values[name] = value
    except HTTPException as refused:
        raise _too_large_or_unreadable(refused.status_code) from refused
    except (MultiPartException, FormParserError, UnicodeError, LookupError, KeyError, ValueError) as broken:
        raise bad_request("can't parse the request body") from broken
    return Params(values, uploads)


def _json_object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as broken:
        raise bad_request("can't parse JSON object") from broken
    if not isinstance(read, dict):
        raise bad_request("JSON object expected")
    return read


def _too_large_or_unreadable(status: int) -> Refused:
    if status == 413:
        return Refused(413, "Request Entity Too Large")
    return bad_request("can't parse the request body")
