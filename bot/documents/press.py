"""The one press of this process: our templates, set in Mukta, which has Latin and Devanagari."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import fontpkg

from kit.typeset import Press

TEMPLATES = Path(__file__).parent
FACE = "Mukta"


@lru_cache(maxsize=1)
def press() -> Press:
    """Return the press, made when it is first needed."""
    return Press(TEMPLATES, [fontpkg.path(FACE).parent])
