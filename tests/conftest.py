"""What holds for every test."""

import os
import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ("shop_machine", "till_project", "tiny")  # fixtures of several packages, in helpers/

# The same examples each time, whichever tests are run, and no failure for a busy machine.
SLOW = bool(os.environ.get("FASM_SLOW"))
settings.register_profile(
    "fasm",
    database=None,
    deadline=None,
    derandomize=not SLOW,
    max_examples=1500 if SLOW else 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.load_profile("fasm")


def pytest_configure() -> None:
    """Processes that tests start listen to Ctrl-C: a job in the background ignores it, and so would they. What the
    person who runs the tests likes at a prompt does not matter."""
    os.environ["XDG_CONFIG_HOME"] = os.devnull
    signal.signal(signal.SIGINT, signal.default_int_handler)
