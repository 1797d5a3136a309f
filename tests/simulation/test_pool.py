"""The processes of a pool: deaf to an interrupt, and gone with who started them."""

import ctypes
import os
import signal
import subprocess
import sys
from time import localtime

import pytest

from fasm_cli.simulation.pool import Pool, in_fork


def nothing() -> None: ...


def heard() -> bool:
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_process_is_deaf_to_interrupts_before_it_has_run_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with Pool(1, {}, nothing) as pool:
        blocked = pool.call(signal.pthread_sigmask, signal.SIG_BLOCK, ())
    assert signal.SIGINT in blocked
    assert heard()


def _hour() -> int:
    return localtime(0).tm_hour


def test_an_environment_is_that_of_the_processes_alone() -> None:
    before = dict(os.environ)
    with Pool(1, {"TZ": "<+13>-13", "PYTHONHASHSEED": "7"}, nothing) as pool:
        assert pool.call(_hour) == 13
        assert pool.call(os.getenv, "PYTHONHASHSEED") == "7"
    assert dict(os.environ) == before


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_a_fork_ends_with_the_process_that_made_it() -> None:
    assert in_fork(_signal_of_death) == signal.SIGKILL
    assert _signal_of_death() == 0


def _signal_of_death() -> int:
    told = ctypes.c_int(-1)
    ctypes.CDLL(None).prctl(2, ctypes.byref(told))  # PR_GET_PDEATHSIG
    return told.value


INTERRUPTED = """
import signal, sys
class Interrupts:
    def find_spec(self, name, path, target=None):
        if name == "fasm_cli.cli.main":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
from fasm_cli.__main__ import main
main()
"""


def test_an_interrupt_before_there_is_anything_to_tell_is_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, "list"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
