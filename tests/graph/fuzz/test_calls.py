"""Every query and every mutation, with whatever its arguments can hold, by every role and by nobody at all.

MUNSHI_FUZZ says how many documents of each field are tried (4 in CI); `MUNSHI_FUZZ=500` is a night's work.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.graph.fuzz.asking import MUTATIONS, QUERIES, Asker
from tests.graph.fuzz.service import NOBODY, ROLES, Service

EXAMPLES = int(os.environ.get("MUNSHI_FUZZ", "4"))
EACH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],  # the firm is another after each call: there is nothing to shrink on
)
WHO = st.sampled_from([*ROLES, *("owner",) * 4, "narrow", *NOBODY])


def _throw(service: Service, data: Any, operation: str, name: str) -> None:
    asker = Asker(data.draw, service.ids, service.cursors)
    document = asker.document(operation, name, (QUERIES if operation == "query" else MUTATIONS)[name])
    role = data.draw(WHO)
    body = service.ask(document, asker.variables, role)
    if not body.get("errors"):
        assert name in body["data"]
    service.well()


@pytest.mark.parametrize("name", QUERIES)
@EACH
@given(data=st.data())
def test_a_query_is_answered_or_refused_with_a_code(service: Service, name: str, data: Any) -> None:
    _throw(service, data, "query", name)


@pytest.mark.parametrize("name", MUTATIONS)
@EACH
@given(data=st.data())
def test_a_mutation_is_answered_or_refused_with_a_code(service: Service, name: str, data: Any) -> None:
    _throw(service, data, "mutation", name)
