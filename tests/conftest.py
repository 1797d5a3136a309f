"""What holds for every test."""

import signal


def pytest_configure() -> None:
    """Processes that tests start listen to Ctrl-C: a job in the background ignores it, and so would they."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
