"""The calls that a machine must not make, and the law that each one breaks.

A row has a law, names in a module (`Class.method` too), and a condition on the arguments if the law depends on them. To
forbid another call, add its name; lint reads the same table. Omitted on purpose: `id`, `hash`, and functions that only
depend on the time zone or locale (`time.localtime(x)`, `datetime.fromtimestamp`); a replica in another process finds
these.
"""

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """Calls that break one law: with arguments for which `when` holds; `direct`: unless the library itself calls."""

    law: str
    names: str
    when: Callable[[tuple[Any, ...], Mapping[str, Any]], bool] | None = None
    direct: bool = False


def _missing(position: int, *names: str) -> Callable[[tuple[Any, ...], Mapping[str, Any]], bool]:
    """A condition: the argument at `position`, or by one of `names`, is absent or None."""

    def missing(args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
        if len(args) > position:
            return args[position] is None
        return all(named.get(name) is None for name in names)

    return missing


def _prints_outside(args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    return not isinstance(named.get("file"), io.StringIO)


def _sets_locale(args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    return len(args) > 1 or named.get("locale") is not None  # else it only reads the locale


CALLS: dict[str, tuple[Row, ...]] = {
    "builtins": (Row("effects", "print", _prints_outside), Row("effects", "input")),
    "time": (
        Row(
            "clock",
            "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time "
            "thread_time_ns clock_gettime clock_gettime_ns",
        ),
        Row("clock", "localtime gmtime ctime asctime", _missing(0)),
        Row("clock", "strftime", _missing(1)),
        Row("effects", "sleep"),
    ),
    "datetime": (Row("clock", "datetime.now datetime.utcnow date.today"),),
    "random": (
        Row(
            "random",
            "random uniform triangular randint choice randrange sample shuffle choices normalvariate lognormvariate "
            "expovariate vonmisesvariate gammavariate gauss betavariate binomialvariate paretovariate weibullvariate "
            "getrandbits randbytes seed getstate setstate",
        ),
        Row("random", "Random.__init__ Random.seed", _missing(1, "x", "a")),
        Row("random", "SystemRandom.random SystemRandom.getrandbits SystemRandom.randbytes"),
    ),
    "secrets": (Row("random", "token_bytes token_hex token_urlsafe choice randbelow randbits"),),
    "uuid": (Row("random", "uuid1 uuid4 uuid6 uuid7"), Row("reads", "getnode")),
    "os": (
        Row("random", "urandom getrandom"),
        Row("clock", "times"),
        Row(
            "reads",
            "_Environ.__getitem__ _Environ.__iter__ _Environ.__len__ getcwd getcwdb getpid getppid getpgid getpgrp "
            "getsid getuid geteuid getgid getegid getgroups getlogin uname cpu_count process_cpu_count "
            "sched_getaffinity getloadavg stat lstat fstat statvfs access readlink read pread isatty "
            "get_terminal_size ctermid ttyname sysconf",
        ),
        Row(
            "effects",
            "_Environ.__setitem__ _Environ.__delitem__ write pwrite writev pipe dup dup2 close fsync ftruncate nice "
            "umask wait waitpid setuid setgid abort _exit popen sendfile",
        ),
    ),
    "os.path": (Row("reads", "exists isfile isdir islink lexists getsize getmtime getatime getctime samefile"),),
    "platform": (Row("reads", "node uname platform machine processor system release version"),),
    "threading": (
        Row("effects", "Thread.start Condition.wait _start_new_thread _start_joinable_thread"),
        Row("reads", "get_ident get_native_id", direct=True),
    ),
    "_thread": (Row("effects", "start_new_thread start_new start_joinable_thread"),),
    "asyncio": (Row("effects", "run new_event_loop get_running_loop get_event_loop"),),
    # Code that waits gets the loop first, and an STF may swallow the error that none is running. (A fake running loop
    # would detect the same at 0.3 to 0.7 µs a step; this costs nothing.)
    "asyncio.events": (
        Row("effects", "get_running_loop _get_running_loop get_event_loop _get_event_loop new_event_loop"),
        Row("effects", "BaseDefaultEventLoopPolicy.get_event_loop _BaseDefaultEventLoopPolicy.get_event_loop"),
    ),
    # Not the methods that a machine calls: log records would name a wrapper around these as their caller.
    "logging": (Row("effects", "Logger.isEnabledFor basicConfig"),),
    "warnings": (Row("effects", "warn", direct=True),),
    "atexit": (Row("effects", "register unregister"),),
    "signal": (Row("effects", "signal alarm setitimer pause raise_signal sigwait"),),
    "urllib.request": (Row("effects", "urlopen urlretrieve"),),
    "select": (Row("effects", "select"),),
    "decimal": (Row("effects", "setcontext"),),  # `patches` wraps getcontext: only changing the context is a breach
    "resource": (Row("clock", "getrusage"),),
    "sys": (Row("effects", "setrecursionlimit setswitchinterval set_int_max_str_digits"),),
    "locale": (Row("effects", "setlocale", _sets_locale),),
    "gc": (
        Row("effects", "collect enable disable freeze set_threshold"),
        Row("reads", "get_objects get_referrers get_stats get_count"),
    ),
    "_io": (
        Row("effects", "TextIOWrapper.write BufferedWriter.write"),
        Row("reads", "TextIOWrapper.read TextIOWrapper.readline BufferedReader.read BufferedReader.readline"),
    ),
    "_socket": (
        Row("effects", "socket.send socket.sendall socket.sendto socket.recv socket.recv_into socket.recvfrom"),
    ),
    "_sqlite3": (
        Row("effects", "Connection.execute Connection.executemany Connection.executescript Connection.commit"),
        Row("effects", "Cursor.execute Cursor.executemany Cursor.executescript Cursor.fetchone Cursor.fetchall"),
    ),
}

_PREFIX = {"builtins": "", "datetime": "", "_io": "io.", "_socket": "socket.", "_sqlite3": "sqlite3."}


def call_label(module: str, name: str) -> str:
    """The call as an author would write it: `time.time()`, `datetime.now()`, `os.environ`."""
    if name.startswith("_Environ."):
        return "os.environ"
    if module == "asyncio.events":
        return f"asyncio.{name.rpartition('.')[2].removeprefix('_')}()"
    return f"{_PREFIX.get(module, module + '.')}{name.removesuffix('.__init__')}()"


_EFFECTS = (
    "os socket subprocess shutil tempfile urllib http smtplib ftplib poplib imaplib nntplib telnetlib sqlite3 ctypes "
    "mmap fcntl syslog webbrowser _thread resource pty signal winreg msvcrt"
)
_READS = (
    "os.listdir os.scandir os.walk os.fwalk os.getxattr os.listxattr os.listdrives os.listvolumes os.listmounts "
    "glob.glob glob.glob/2 pathlib.Path.glob pathlib.Path.rglob socket.gethostname gc.get_objects gc.get_referrers"
)
_LAW_OF_PACKAGE = dict.fromkeys(_EFFECTS.split(), "effects")
_LAW_OF_EVENT = dict.fromkeys(_READS.split(), "reads")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def law_of_event(event: str, args: tuple[Any, ...]) -> tuple[str, str] | None:
    """The law that an audit event breaks and the name of the call; None if the event breaks none."""
    if event == "open":
        path, mode, flags = args
        if isinstance(path, str) and f"{os.sep}zoneinfo{os.sep}" in path:
            return None  # the time zone database belongs to the program, as modules do; C code opens it
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITING)
        return "effects" if writes else "reads", "open()"
    package, _, name = event.removesuffix("/2").partition(".")
    law = _LAW_OF_EVENT.get(event) or _LAW_OF_PACKAGE.get(package)
    if law is None:
        return None
    return law, f"{package}.{package if name == '__new__' else name}()"
