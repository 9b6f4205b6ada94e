"""Liveness and readiness of a process.

Readiness says that *this instance* can take requests: it has started and is not draining. It never
asks what all instances share (the database, a provider): else all would leave rotation at once.
"""


class Health:
    """Switched by the process's main: ready after start, not ready once it drains."""

    def __init__(self) -> None:
        self.ready = False
