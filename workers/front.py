"""The program `munshi`: the whole command line, or the Tally agent alone, which is all that runs on a Windows PC."""

from __future__ import annotations

import sys


def main() -> None:
    """Start what the first word asks for; the agent without databases and servers."""
    if sys.argv[1:2] == ["tally-agent"]:
        from workers.tally_agent.command import main as agent

        sys.argv[1:2] = []
        agent()
        return
    from workers.cli import main as everything

    everything()
