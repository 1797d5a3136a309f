"""What holds for every test."""

import os
import signal


def pytest_configure() -> None:
    """Processes that tests start listen to Ctrl-C: a job in the background ignores it, and so would they. What the
    person who runs the tests likes at a prompt does not matter."""
    os.environ["XDG_CONFIG_HOME"] = os.devnull
    signal.signal(signal.SIGINT, signal.default_int_handler)
