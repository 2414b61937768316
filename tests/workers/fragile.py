"""A program that falls whenever it is started while the file in FALL exists."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    fall = Path(os.environ["FALL"])
    if fall.exists():
        fall.unlink()
        print("falling", flush=True)
        sys.exit(7)
    print("standing", flush=True)
    while True:
        time.sleep(60)
