"""What the world outside of a machine looks like from Python: names, the law each one breaks, what to write instead.

`EXACT` names are wrong wherever they are used, also unnamed in a call (`key=time.time`); of a module in `CALLED`
every call is.
"""

CLOCK = "reads the system clock; pass the time in with the input"
RANDOM = "is chance from outside; keep a generator's numbers in the state, or take the value from the input"
ENVIRONMENT = "reads what is not in the state; put it into the state or the input, or make it a constant"
FILES = "reads the disk; put what it says into the state or the input"
EFFECT = "has an effect; describe it: actions.add(Untracked(…)), or Tracked(id, …) where the result matters"
WAITS = "waits for something that is not the state; send it out as an action, its result comes back as an input"
SHARED = "changes what everything in the process shares; give the setting to the operation itself"


def _table(law: str, why: str, prefix: str, names: str) -> dict[str, tuple[str, str]]:
    return {f"{prefix}{name}": (law, why) for name in names.split()}


EXACT: dict[str, tuple[str, str]] = {
    **_table(
        "clock",
        CLOCK,
        "time.",
        """time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time
        thread_time_ns clock_gettime clock_gettime_ns""",
    ),
    **_table("clock", CLOCK, "datetime.datetime.", "now utcnow today"),
    **_table("clock", CLOCK, "datetime.date.", "today"),
    **_table("clock", CLOCK, "os.", "times"),
    **_table(
        "random",
        RANDOM,
        "random.",
        """random randint randrange getrandbits randbytes choice choices shuffle sample uniform triangular betavariate
        expovariate gammavariate gauss lognormvariate normalvariate vonmisesvariate paretovariate weibullvariate
        binomialvariate seed setstate getstate SystemRandom""",
    ),
    **_table("random", RANDOM, "uuid.", "uuid1 uuid4 uuid6 uuid7 getnode"),
    **_table("random", RANDOM, "os.", "urandom getrandom"),
    **_table("random", RANDOM, "secrets.", "token_bytes token_hex token_urlsafe randbelow randbits choice"),
    **_table(
        "reads",
        ENVIRONMENT,
        "os.",
        "environ environb getenv getenvb getcwd getcwdb getpid getppid getlogin cpu_count uname getloadavg",
    ),
    **_table("reads", ENVIRONMENT, "sys.", "argv path modules _getframe"),
    **_table("reads", ENVIRONMENT, "time.", "tzname timezone altzone daylight mktime"),
    **_table("reads", ENVIRONMENT, "socket.", "gethostname getfqdn"),
    **_table("reads", ENVIRONMENT, "threading.", "get_ident current_thread active_count local"),
    **_table("reads", ENVIRONMENT, "getpass.", "getuser"),
    **_table("reads", ENVIRONMENT, "gc.", "get_objects get_referrers get_count"),
    **_table("reads", ENVIRONMENT, "pathlib.Path.", "cwd home"),
    **_table("reads", FILES, "os.", "listdir scandir stat lstat walk access readlink"),
    **_table("reads", FILES, "os.path.", "exists isfile isdir islink getsize getmtime getctime realpath abspath"),
    **_table("reads", FILES, "glob.", "glob iglob"),
    **_table(
        "reads",
        FILES,
        "pathlib.Path().",
        "read_text read_bytes exists is_file is_dir stat iterdir glob rglob resolve absolute",
    ),
    **_table("effects", EFFECT, "pathlib.Path().", "write_text write_bytes mkdir unlink rename replace rmdir touch"),
    **_table("effects", EFFECT, "builtins.", "print breakpoint exit quit"),
    **_table("effects", WAITS, "builtins.", "input"),
    **_table(
        "effects",
        EFFECT,
        "os.",
        """system popen remove unlink mkdir makedirs rename renames replace rmdir removedirs kill fork forkpty write
        putenv unsetenv chmod chown chdir symlink link truncate abort _exit execv execve execvp spawnv spawnl
        posix_spawn startfile sendfile fsync pipe""",
    ),
    **_table("effects", EFFECT, "sys.", "exit stdout stderr"),
    **_table("effects", WAITS, "sys.", "stdin"),
    **_table("effects", WAITS, "time.", "sleep"),
    **_table(
        "effects",
        WAITS,
        "asyncio.",
        """sleep gather wait wait_for create_task ensure_future to_thread run timeout shield as_completed TaskGroup
        open_connection start_server create_subprocess_exec create_subprocess_shell get_event_loop get_running_loop
        new_event_loop Event Queue Future Condition Barrier Runner""",
    ),
    **_table("effects", EFFECT, "warnings.", "warn"),
    **_table("effects", EFFECT, "pprint.", "pprint pp"),
    **_table("effects", EFFECT, "traceback.", "print_exc print_stack print_exception"),
    **_table("hidden", SHARED, "decimal.", "getcontext setcontext"),
    **_table("hidden", SHARED, "locale.", "setlocale"),
    **_table(
        "deterministic",
        "differs from one process to the next; compute a digest of what is stored instead (hashlib, zlib.crc32)",
        "builtins.",
        "hash id",
    ),
}

CALLED: dict[str, tuple[str, str]] = {
    **_table("random", RANDOM, "", "numpy.random secrets random.Random(module) random.SystemRandom"),
    **_table("reads", ENVIRONMENT, "", "platform"),
    **_table("effects", EFFECT, "", "logging loguru structlog syslog"),
    **_table(
        "effects",
        EFFECT,
        "",
        """socket subprocess requests httpx urllib.request urllib3 aiohttp http.client smtplib ftplib imaplib poplib
        telnetlib paramiko boto3 psycopg psycopg2 asyncpg aiosqlite redis pymongo pymysql kafka pika grpc
        sqlalchemy.create_engine sqlite3.connect shutil tempfile webbrowser ctypes signal atexit multiprocessing
        threading _thread concurrent.futures select selectors trio anyio""",
    ),
}
INNOCENT = ("Error", "Exception", "Warning", "IntegrityError")
SEEDED = frozenset({"random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.Generator"})
NEED_ARGUMENT = {  # without the argument at this place they read the clock or the local time zone
    "time.gmtime": (1, "clock", CLOCK),
    "time.ctime": (1, "clock", CLOCK),
    "time.asctime": (1, "clock", CLOCK),
    "time.strftime": (2, "clock", CLOCK),
    "datetime.datetime.fromtimestamp": (2, "reads", "reads the local time zone; give it one: tz=timezone.utc"),
}
LOCAL_TIME = ("reads", "reads the local time zone; use datetime with tz=timezone.utc")
