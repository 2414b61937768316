"""A HubSpot in memory: objects with histories, search with its limits, batches, ties, pipelines, properties, tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOKEN = "a-private-apps-token"
PORTAL = 55001
MODIFIED = {"contacts": "lastmodifieddate"}
TYPE_IDS = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "invoices": "0-53"}
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal", "invoices": "invoice"}


class Refused(Exception):
    """An answer with an error in HubSpot's shape."""

    def __init__(self, status: int, category: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"status": "error", "message": message, "correlationId": "c-1", "category": category}


def iso(at: datetime) -> str:
    """A time as HubSpot writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Record:
    """One object with every version of every property."""

    created_at: datetime
    modified_at: datetime
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    archived_at: datetime | None = None
    merged_into: str | None = None


class HubSpot:
    """The account: change it by methods, read it through `app` over HTTP."""

    def __init__(self, *, token: str = TOKEN) -> None:
        self.token = token
        self.refresh_token = "a-refresh-token"
        self.renewed = 0
        self.objects: dict[str, dict[str, Record]] = {name: {} for name in TYPE_IDS}
        self.ties: dict[tuple[str, str], dict[str, list[tuple[str, list[dict[str, Any]]]]]] = {}
        self.pipelines: list[dict[str, Any]] = []
        self.owners: list[dict[str, Any]] = []
        self.own_properties: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in TYPE_IDS}
        self.groups: dict[str, set[str]] = {name: set() for name in TYPE_IDS}
        self.indexed_until: datetime | None = None
        """The search knows nothing that changed later."""
        self.search_cap = 10_000
        """The search gives no more results of one query."""

    # ---- what people do in HubSpot -------------------------------------------------------------------
    def set(self, kind: str, external_id: str, at: datetime, /, **properties: str) -> None:
        """Make an object, or change properties of it."""
        record = self.objects[kind].setdefault(external_id, Record(at, at))
        record.modified_at = max(record.modified_at, at)
        for name, value in properties.items():
            if record.properties.get(name) != value:
                record.properties[name] = value
                record.history.setdefault(name, []).insert(0, (at, value))

    def tie(self, origin: str, one: str, to: str, other: str, *labels: str) -> None:
        """Tie a record to another; "Primary" as HubSpot itself does it."""
        kinds: list[dict[str, Any]] = [{"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None}]
        for label in labels:
            own = label != "Primary"
            kinds.append(
                {
                    "category": "USER_DEFINED" if own else "HUBSPOT_DEFINED",
                    "typeId": 77 if own else 5,
                    "label": label,
                }
            )
        self.ties.setdefault((origin, to), {}).setdefault(one, []).append((other, kinds))

    def untie(self, origin: str, one: str, to: str) -> None:
        """Untie a record from all others of a kind."""
        self.ties.get((origin, to), {}).pop(one, None)

    def delete(self, kind: str, external_id: str, at: datetime) -> None:
        """Put a record into the bin."""
        self.objects[kind][external_id].archived_at = at

    def merge(self, kind: str, former: str, into: str, at: datetime) -> None:
        """Make one record of two: the former is gone, its id leads to the other."""
        self.objects[kind][former].merged_into = into
        known = self.objects[kind][into].properties.get("hs_merged_object_ids", "")
        self.set(kind, into, at, hs_merged_object_ids=";".join(filter(None, [known, former])))

    def pipeline(self, pipeline_id: str, label: str, *stages: tuple[str, str, str, str]) -> None:
        """Add a pipeline with stages (id, label, isClosed, probability)."""
        self.pipelines.append(
            {
                "id": pipeline_id,
                "label": label,
                "displayOrder": len(self.pipelines),
                "archived": False,
                "createdAt": "2026-01-05T06:00:00.000Z",
                "updatedAt": "2026-01-05T06:00:00.000Z",
                "stages": [
                    {
                        "id": stage_id,
                        "label": name,
                        "displayOrder": place,
                        "archived": False,
                        "metadata": {"isClosed": closed, "probability": probability},
                        "createdAt": "2026-01-05T06:00:00.000Z",
                        "updatedAt": "2026-01-05T06:00:00.000Z",
                    }
                    for place, (stage_id, name, closed, probability) in enumerate(stages)
                ],
            }
        )

    # ---- HTTP ----------------------------------------------------------------------------------------
    @property
    def app(self) -> Starlette:
        """The API."""
        return Starlette(
            routes=[
                self._route("/account-info/v3/details", self._account),
                self._route("/crm/v3/owners", self._owners),
                self._route("/crm/v3/pipelines/deals", self._pipelines),
                self._route("/crm/v3/objects/{kind}", self._list),
                self._route("/crm/v3/objects/{kind}/search", self._search, "POST"),
                self._route("/crm/v3/objects/{kind}/batch/read", self._batch_read, "POST"),
                self._route("/crm/v3/objects/{kind}/batch/update", self._batch_update, "POST"),
                self._route("/crm/v4/associations/{kind}/{to}/batch/read", self._associations, "POST"),
                self._route("/crm/v3/properties/{kind}", self._properties),
                self._route("/crm/v3/properties/{kind}", self._add_property, "POST"),
                self._route("/crm/v3/properties/{kind}/groups", self._add_group, "POST"),
                Route("/oauth/v1/token", self._renew, methods=["POST"]),
            ]
        )

    def _route(
        self, path: str, answer: Callable[[Request, Any], tuple[int, Any]], method: str = "GET"
    ) -> Route:
        async def serve(request: Request) -> JSONResponse:
            if request.headers.get("authorization") != f"Bearer {self.token}":
                return JSONResponse(
                    Refused(401, "INVALID_AUTHENTICATION", "Authentication is not valid.").body, 401
                )
            try:
                body = await request.json() if method == "POST" else None
                status, said = answer(request, body)
            except Refused as refusal:
                return JSONResponse(refusal.body, refusal.status)
            return JSONResponse(said, status)

        return Route(path, serve, methods=[method])

    async def _renew(self, request: Request) -> JSONResponse:
        form = await request.form()
        if form.get("refresh_token") != self.refresh_token or form.get("client_secret") != "an-apps-secret":
            return JSONResponse({"status": "BAD_REFRESH_TOKEN", "message": "refresh token is invalid"}, 400)
        self.renewed += 1
        self.token = f"renewed-{self.renewed}"
        given = {"access_token": self.token, "refresh_token": self.refresh_token, "expires_in": 1800}
        return JSONResponse({**given, "token_type": "bearer"})

    def _account(self, request: Request, _: Any) -> tuple[int, Any]:
        return 200, {"portalId": PORTAL, "companyCurrency": "INR", "uiDomain": "app.hubspot.com"}

    def _owners(self, request: Request, _: Any) -> tuple[int, Any]:
        return 200, self._paged(request, self.owners)

    def _pipelines(self, request: Request, _: Any) -> tuple[int, Any]:
        return 200, {"results": self.pipelines}

    def _list(self, request: Request, _: Any) -> tuple[int, Any]:
        archived = request.query_params.get("archived") == "true"
        kind = self._kind(request)
        found = [
            self._shown(kind, external_id, record, [], [])
            for external_id, record in sorted(self.objects[kind].items(), key=lambda item: int(item[0]))
            if (record.archived_at is not None) == archived and record.merged_into is None
        ]
        return 200, self._paged(request, found)

    def _search(self, request: Request, body: Any) -> tuple[int, Any]:
        kind, limit, after = self._kind(request), int(body.get("limit", 10)), int(body.get("after") or 0)
        if limit > 200 or after + limit > self.search_cap:
            raise Refused(400, "VALIDATION_ERROR", "limit is too large")
        (group,) = body["filterGroups"]
        matching = [
            (external_id, record)
            for external_id, record in self._live(kind)
            if (self.indexed_until is None or record.modified_at <= self.indexed_until)
            and all(self._matches(kind, external_id, record, each) for each in group["filters"])
        ]
        (sort,) = body["sorts"]
        assert sort == {"propertyName": "hs_object_id", "direction": "ASCENDING"}
        matching.sort(key=lambda item: int(item[0]))
        page = matching[after : after + limit]
        answer: dict[str, Any] = {
            "total": len(matching),
            "results": [
                self._shown(kind, external_id, record, body["properties"], []) for external_id, record in page
            ],
        }
        if after + limit < len(matching):
            answer["paging"] = {"next": {"after": str(after + limit)}}
        return 200, answer

    def _matches(self, kind: str, external_id: str, record: Record, each: Any) -> bool:
        name = each["propertyName"]
        if name == "hs_object_id":
            value = int(external_id)
        else:
            assert name == MODIFIED.get(kind, "hs_lastmodifieddate"), name
            value = round(record.modified_at.timestamp() * 1000)
        bound = int(each["value"])
        return {"GT": value > bound, "GTE": value >= bound, "LTE": value <= bound, "LT": value < bound}[
            each["operator"]
        ]

    def _batch_read(self, request: Request, body: Any) -> tuple[int, Any]:
        kind, archived = self._kind(request), request.query_params.get("archived") == "true"
        history = body["propertiesWithHistory"]
        if len(body["inputs"]) > (50 if history else 100):
            raise Refused(
                400, "VALIDATION_ERROR", "The maximum number of inputs supported is less than that."
            )
        results: dict[str, Any] = {}
        missing = []
        for one in body["inputs"]:
            record, external_id = self._resolved(kind, one["id"])
            if record is None or (record.archived_at is not None) != archived:
                missing.append(one["id"])
            else:
                results[external_id] = self._shown(kind, external_id, record, body["properties"], history)
        return self._batch_answer(list(results.values()), self._missing(kind, missing))

    def _batch_update(self, request: Request, body: Any) -> tuple[int, Any]:
        kind = self._kind(request)
        if len(body["inputs"]) > 100:
            raise Refused(400, "VALIDATION_ERROR", "Too many inputs.")
        stages = {stage["id"] for pipeline in self.pipelines for stage in pipeline["stages"]}
        for one in body["inputs"]:
            for name in one["properties"]:
                if name.startswith("munshi_") and name not in self.own_properties[kind]:
                    raise Refused(400, "VALIDATION_ERROR", f'Property "{name}" does not exist')
        results, missing, errors = [], [], []
        for one in body["inputs"]:
            record, external_id = self._resolved(kind, one["id"])
            if record is None or record.archived_at is not None:
                missing.append(one["id"])
            elif one["properties"].get("dealstage", None) not in (None, *stages):
                errors.append(
                    {
                        "status": "error",
                        "category": "VALIDATION_ERROR",
                        "message": "Property values were not valid",
                        "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]},
                    }
                )
            else:
                self.set(kind, external_id, self.written_at(record), **one["properties"])
                results.append(self._shown(kind, external_id, record, list(one["properties"]), []))
        return self._batch_answer(results, [*self._missing(kind, missing), *errors])

    def written_at(self, record: Record) -> datetime:
        """When our own writing takes effect: a second after whatever was there."""
        return datetime.fromtimestamp(record.modified_at.timestamp() + 1, UTC)

    def _associations(self, request: Request, body: Any) -> tuple[int, Any]:
        kind, to = self._kind(request), request.path_params["to"]
        results, errors = [], []
        for one in body["inputs"]:
            tied = self.ties.get((kind, to), {}).get(one["id"])
            if tied:
                results.append(
                    {
                        "from": {"id": one["id"]},
                        "to": [
                            {"toObjectId": int(other), "associationTypes": kinds} for other, kinds in tied
                        ],
                    }
                )
            else:
                context = {
                    "fromObjectId": [one["id"]],
                    "fromObjectType": [SINGULAR[kind]],
                    "toObjectType": [SINGULAR[to]],
                }
                errors.append(
                    {
                        "status": "error",
                        "category": "OBJECT_NOT_FOUND",
                        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        "message": f"No {SINGULAR[to]} is associated with {SINGULAR[kind]} {one['id']}.",
                        "context": context,
                    }
                )
        return self._batch_answer(results, errors)

    def _properties(self, request: Request, _: Any) -> tuple[int, Any]:
        kind = self._kind(request)
        return 200, {
            "results": [{"name": "hs_object_id", "type": "number"}, *self.own_properties[kind].values()]
        }

    def _add_property(self, request: Request, body: Any) -> tuple[int, Any]:
        kind = self._kind(request)
        if body["groupName"] not in self.groups[kind]:
            raise Refused(400, "VALIDATION_ERROR", "The property group does not exist")
        if body["name"] in self.own_properties[kind]:
            raise Refused(409, "OBJECT_ALREADY_EXISTS", f"A property named {body['name']!r} already exists.")
        self.own_properties[kind][body["name"]] = body
        return 201, body

    def _add_group(self, request: Request, body: Any) -> tuple[int, Any]:
        kind = self._kind(request)
        if body["name"] in self.groups[kind]:
            raise Refused(409, "OBJECT_ALREADY_EXISTS", "A property group of that name already exists.")
        self.groups[kind].add(body["name"])
        return 201, body

    # ---- answers -------------------------------------------------------------------------------------
    def _kind(self, request: Request) -> str:
        kind: str = request.path_params["kind"]
        if kind not in self.objects:
            raise Refused(404, "OBJECT_NOT_FOUND", "No such object type.")
        return kind

    def _live(self, kind: str) -> Iterator[tuple[str, Record]]:
        for external_id, record in self.objects[kind].items():
            if record.archived_at is None and record.merged_into is None:
                yield external_id, record

    def _resolved(self, kind: str, external_id: str) -> tuple[Record | None, str]:
        record = self.objects[kind].get(external_id)
        while record is not None and record.merged_into is not None:
            external_id = record.merged_into
            record = self.objects[kind].get(external_id)
        return record, external_id

    def _shown(
        self, kind: str, external_id: str, record: Record, properties: list[str], history: list[str]
    ) -> dict[str, Any]:
        given = {name: record.properties.get(name) for name in properties}
        shown: dict[str, Any] = {
            "id": external_id,
            "properties": {
                **given,
                "hs_object_id": external_id,
                "createdate": iso(record.created_at),
                MODIFIED.get(kind, "hs_lastmodifieddate"): iso(record.modified_at),
            },
            "createdAt": iso(record.created_at),
            "updatedAt": iso(record.modified_at),
            "archived": record.archived_at is not None,
            "url": f"https://app.hubspot.com/contacts/{PORTAL}/record/{TYPE_IDS[kind]}/{external_id}",
        }
        if record.archived_at is not None:
            shown["archivedAt"] = iso(record.archived_at)
        if history:
            shown["propertiesWithHistory"] = {
                name: [
                    {"value": value, "timestamp": iso(at), "sourceType": "CRM_UI", "sourceId": "userId:1"}
                    for at, value in record.history.get(name, [])
                ]
                for name in history
            }
        return shown

    def _missing(self, kind: str, ids: list[str]) -> list[dict[str, Any]]:
        if not ids:
            return []
        message = f"Could not get some {SINGULAR[kind].upper()} objects, they may be deleted or not exist."
        return [
            {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ids}}
        ]

    def _batch_answer(self, results: list[Any], errors: list[dict[str, Any]]) -> tuple[int, Any]:
        times = {"startedAt": "2026-11-21T06:30:00.000Z", "completedAt": "2026-11-21T06:30:00.040Z"}
        answer: dict[str, Any] = {"status": "COMPLETE", "results": results, **times}
        if errors:
            answer |= {"numErrors": len(errors), "errors": errors}
        return (207 if errors else 200), answer

    def _paged(self, request: Request, items: list[Any]) -> dict[str, Any]:
        limit, after = int(request.query_params.get("limit", 10)), int(request.query_params.get("after", 0))
        if limit > 100:
            raise Refused(400, "VALIDATION_ERROR", "limit must be at most 100")
        answer: dict[str, Any] = {"results": items[after : after + limit]}
        if after + limit < len(items):
            answer["paging"] = {"next": {"after": str(after + limit), "link": "?after"}}
        return answer
