"""`python -m workers.tally_agent`: the agent without the rest of Munshi."""

from workers.tally_agent.command import main

if __name__ == "__main__":
    main()
