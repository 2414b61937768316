"""A supervisor with small programs in place of ours: `python -m tests.workers.supervised`, by MUNSHI_HOME and PORT."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kit.embedded import Home, plan_servers
from kit.errors import MunshiError
from kit.ports import require_free
from workers.output import Output
from workers.supervisor import Plan, Program, Supervisor


def main() -> int:
    output = Output()
    home = Home(Path(os.environ["MUNSHI_HOME"]))
    try:
        home.take()
    except MunshiError as error:
        output.say(str(error))
        return 1
    try:
        port = int(os.environ["PORT"])
        require_free("127.0.0.1", port)
        servers = plan_servers(home, database_url="", redis_url="")
        plan = Plan(
            programs=(
                Program("api", "tests.workers.answering", first=True),
                Program("fragile", "tests.workers.fragile"),
            ),
            environment={"MUNSHI_HOME": str(home.path)},
            ready_url=f"http://127.0.0.1:{port}/healthz",
            greeting="Ready.",
        )
        return Supervisor(home, servers, plan, output).run()
    except MunshiError as error:
        output.say(str(error))
        return 1
    finally:
        home.release()


if __name__ == "__main__":
    sys.exit(main())
