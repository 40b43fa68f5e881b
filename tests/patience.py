"""How long tests wait for what comes: so long that only what never comes is given up."""

SECONDS = 120.0
"""For something that is under way; a wait that succeeds costs nothing of it."""

MILLISECONDS = round(SECONDS * 1000)

PROCESS_SECONDS = 500.0
"""For a process to do all it was started for; `timeout` in `pyproject.toml` is longer."""
