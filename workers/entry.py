"""The container's entry: `python -m workers.entry command …`, with the key of the shared home where none is given.

Several containers share /var/lib/munshi; whoever comes first makes the key that seals the secrets of sources.
"""

from __future__ import annotations

import os
import sys

from kit.embedded import Home
from kit.settings import settings


def main(command: list[str]) -> None:
    """Set MUNSHI_SECRET_KEY unless it is set, then become the command."""
    config = settings()
    if not config.munshi_secret_key.get_secret_value():
        os.environ["MUNSHI_SECRET_KEY"] = Home(config.munshi_home).secret_key()
    os.execvp(command[0], command)  # noqa: S606  the image's own command


if __name__ == "__main__":
    main(sys.argv[1:])
