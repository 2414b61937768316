"""One service for all that is thrown at it; at the end it tells how often it was asked, and what it answered."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cluster
from tests.graph.fuzz.service import Service


@pytest.fixture(scope="session")
def running(wheel_cluster: Cluster) -> Iterator[Service]:
    """The service of this session."""
    database = wheel_cluster.clone()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        made = Service(database, Path(folder), port)
        made.start()
        yield made
        made.stop()
        print(f"\nfuzz: {made.tally.total()} calls {dict(made.tally.most_common())}")
        print(f"fuzz: answers {dict(made.coded.most_common())}")
    wheel_cluster.drop(database.name)


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The service; when the test is over it is well, and has logged nothing that nobody handles."""
    yield running
    running.well()
