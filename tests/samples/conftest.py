"""The vendors' own samples, kept beside the repository; where they are absent the tests are skipped and say so."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "vendors" / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of samples."""
    if not SAMPLES.is_dir():
        pytest.skip("the vendors' samples (../shared/vendors/samples) are not here")
    return SAMPLES
