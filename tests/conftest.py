"""Configures every test: the same Hypothesis examples on each run, a clean environment, failures reported at once."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ("shipped", "till_project", "tiny")  # fixtures that several packages share, in tests/helpers/

# Derandomised, so that a run does not depend on which tests are selected; no deadline, so that a busy computer does not
# fail a test. FASM_SLOW=1 draws new examples, and more of them.
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


class FailureReporter:
    """Prints each failed test and the first line of its error at once; pytest itself reports them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")  # None in the workers of pytest-xdist
        if report.failed and terminal is not None:
            errors = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
            error = errors[0][1:] if errors else report.longreprtext.strip().rpartition("\n")[2]
            terminal.line("")
            terminal.line(f"FAILED {report.nodeid} ({report.when}): {error.strip()}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Child processes must react to Ctrl-C (a background job ignores SIGINT, and its children inherit that), and the
    user's own REPL settings must not affect the tests."""
    os.environ["XDG_CONFIG_HOME"] = os.devnull
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(FailureReporter(config))
