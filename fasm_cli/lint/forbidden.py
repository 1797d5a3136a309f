"""The names that a machine must not use, the law that each one breaks, and what to write instead.

The standard library's functions come from the table of the runtime checks (`purity.forbidden_calls`), so that a call is
forbidden in one place. Added here is what the runtime recognises by other means: audit events, `hash` (a replica in
another process), and third-party packages that do I/O.
"""

from fasm_cli.purity.forbidden_calls import CALLS

CLOCK = "reads the system clock; pass the time in with the input"
RANDOM = "is random; keep a generator's state in the state, or take the value from the input"
ENVIRONMENT = "reads something outside the state; put it into the state or the input, or make it a constant"
FILES = "reads the disk; put the content into the state or the input"
EFFECT = "has a side effect; emit an action instead: actions.add(Untracked(…)), or Tracked(id, …) if the result matters"
WAITS = "waits for something other than the state; emit an action, and its result arrives as an input"
PROCESS = "differs between processes; compute a digest of stored values instead (hashlib, zlib.crc32)"

MESSAGES = {"clock": CLOCK, "random": RANDOM, "reads": ENVIRONMENT, "effects": EFFECT}
WAITING = frozenset({"builtins.input", "time.sleep", "sys.stdin"})

Broken = tuple[str, str]  # the law, and the message


def _rows(law: str, message: str, *groups: str) -> dict[str, Broken]:
    """A row for each name in `groups`; a group may begin with `os.:`, the prefix of all its names."""
    pairs = [group.rpartition(":")[::2] for group in groups]
    return {f"{prefix}{name}": (law, message) for prefix, names in pairs for name in names.split()}


def _runtime_rows() -> dict[str, Broken]:
    """The public functions in the table of the runtime checks that are forbidden whatever their arguments."""
    found: dict[str, Broken] = {}
    for module, rows in CALLS.items():
        for row in rows:
            for name in row.names.split():
                if row.when is None and not module.startswith("_") and "_" not in (name[0], name.rpartition(".")[2][0]):
                    found[f"{module}.{name}"] = row.law, MESSAGES[row.law]
    return found


# Wrong wherever the name is used, even uncalled (`key=time.time`).
FORBIDDEN: dict[str, Broken] = {
    **_runtime_rows(),
    **_rows("random", RANDOM, "random.SystemRandom"),
    **_rows(
        "reads",
        ENVIRONMENT,
        "os.: environ environb getenv getenvb",
        "sys.: argv path modules _getframe",
        "time.: tzname timezone altzone daylight mktime",
        "threading.: current_thread active_count local",
        "socket.gethostname socket.getfqdn getpass.getuser pathlib.Path.cwd pathlib.Path.home",
    ),
    **_rows(
        "reads",
        FILES,
        "os.: listdir scandir stat lstat walk access readlink",
        "os.path.: exists isfile isdir islink getsize getmtime getctime realpath abspath",
        "pathlib.Path().: read_text read_bytes exists is_file is_dir stat iterdir glob rglob resolve absolute",
        "glob.glob glob.iglob",
    ),
    **_rows(
        "effects",
        EFFECT,
        "pathlib.Path().: write_text write_bytes mkdir unlink rename replace rmdir touch",
        "builtins.: print breakpoint exit quit",
        """os.: system remove unlink mkdir makedirs rename renames replace rmdir removedirs kill fork forkpty
        putenv unsetenv chmod chown chdir symlink link truncate _exit execv execve execvp spawnv spawnl posix_spawn
        startfile""",
        "sys.exit sys.stdout sys.stderr pprint.pprint pprint.pp locale.setlocale",
        "traceback.: print_exc print_stack print_exception",
    ),
    **_rows(
        "effects",
        WAITS,
        """asyncio.: sleep gather wait wait_for create_task ensure_future to_thread run timeout shield as_completed
        TaskGroup open_connection start_server create_subprocess_exec create_subprocess_shell get_event_loop
        get_running_loop new_event_loop Event Queue Future Condition Barrier Runner""",
    ),
    **_rows("deterministic", PROCESS, "builtins.hash builtins.id"),
}
FORBIDDEN.update(dict.fromkeys(WAITING, ("effects", WAITS)))

# Every call of a function in these packages (or of a method of these objects) breaks the law.
FORBIDDEN_PACKAGES: dict[str, Broken] = {
    **_rows("random", RANDOM, "numpy.random secrets random.Random(module) random.SystemRandom"),
    **_rows("reads", ENVIRONMENT, "platform"),
    **_rows("effects", EFFECT, "logging loguru structlog syslog"),
    **_rows(
        "effects",
        EFFECT,
        """socket subprocess requests httpx urllib.request urllib3 aiohttp http.client smtplib ftplib imaplib poplib
        telnetlib paramiko boto3 psycopg psycopg2 asyncpg aiosqlite redis pymongo pymysql kafka pika grpc
        sqlalchemy.create_engine sqlite3.connect shutil tempfile webbrowser ctypes signal atexit multiprocessing
        threading _thread concurrent.futures select selectors trio anyio""",
    ),
}
EXCEPTIONS = ("Error", "Exception", "Warning")  # how the names of exception classes end: making one does nothing
NEED_SEED = frozenset({"random.Random", "numpy.random.default_rng", "numpy.random.RandomState"})
NEED_ARGUMENT = {  # with fewer arguments they read the clock or the local time zone
    "time.gmtime": (1, "clock", CLOCK),
    "time.ctime": (1, "clock", CLOCK),
    "time.asctime": (1, "clock", CLOCK),
    "time.strftime": (2, "clock", CLOCK),
    "datetime.datetime.fromtimestamp": (2, "reads", "reads the local time zone; pass one: tz=timezone.utc"),
}
LOCAL_TIME = "reads the local time zone; use datetime with tz=timezone.utc"
OPENERS = frozenset({"builtins.open", "io.open", "pathlib.Path().open", "os.open", "codecs.open"})
