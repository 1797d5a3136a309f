"""The processes of a pool ignore interrupts, and end with the process that started them."""

import ctypes
import os
import signal
import subprocess
import sys
from concurrent.futures import BrokenExecutor
from time import localtime

import pytest

from fasm_cli.errors import MachineError
from fasm_cli.simulation.pool import Pool, in_fork


def nothing() -> None: ...


def receives_interrupts() -> bool:
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_process_ignores_interrupts_from_its_start() -> None:
    with Pool(1, {}, nothing) as pool:
        blocked = pool.call(signal.pthread_sigmask, signal.SIG_BLOCK, ())
    assert signal.SIGINT in blocked
    assert receives_interrupts()


def test_close_kills_the_processes_whatever_they_do() -> None:
    with Pool(2, {}, nothing) as pool:
        pids = {pool.call(os.getpid)}
        waiting = pool.submit(signal.pause)
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert waiting.cancelled() or isinstance(waiting.exception(), BrokenExecutor)


def test_a_dead_process_is_a_machine_error() -> None:
    with Pool(1, {}, nothing) as pool, pytest.raises(MachineError, match="a process that ran the machine ended"):
        pool.call(signal.raise_signal, signal.SIGKILL)


def test_a_fork_returns_the_result_or_the_error_of_a_call() -> None:
    assert in_fork(int, "7") == 7
    assert in_fork(int, "11", base=2) == 3
    with pytest.raises(RuntimeError, match="ValueError: invalid literal"):
        in_fork(int, "x")
    with pytest.raises(RuntimeError, match="the machine ended the process it ran in"):
        in_fork(os._exit, 0)


def _hour() -> int:
    return localtime(0).tm_hour


def test_the_environment_is_changed_only_for_the_processes() -> None:
    before = dict(os.environ)
    with Pool(1, {"TZ": "<+13>-13", "PYTHONHASHSEED": "7"}, nothing) as pool:
        assert pool.call(_hour) == 13
        assert pool.call(os.getenv, "PYTHONHASHSEED") == "7"
    assert dict(os.environ) == before


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_a_fork_ends_with_its_parent() -> None:
    assert in_fork(_signal_of_death) == signal.SIGKILL
    assert _signal_of_death() == 0


def _signal_of_death() -> int:
    number = ctypes.c_int(-1)
    ctypes.CDLL(None).prctl(2, ctypes.byref(number))  # PR_GET_PDEATHSIG
    return number.value


INTERRUPTED = """
import signal, sys
class Interrupts:
    def find_spec(self, name, path, target=None):
        if name == "fasm_cli.cli.app":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
from fasm_cli.__main__ import main
main()
"""


def test_an_interrupt_during_start_up_prints_no_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, "list"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
