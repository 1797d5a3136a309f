# ruff: noqa
"""Transitions that break one law each, as authors write them. `# <-` marks the line that the breach names."""

import asyncio
import atexit
import builtins
import contextlib
import copy
import dataclasses
import datetime as dt
import decimal
import locale
import resource
import functools
import gc
import glob
import io
import logging
import os
import os.path
import pathlib
import platform
import random
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import time as clock
import urllib.request
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import cache, lru_cache, partial
from os import environ, getcwd, getenv, getpid
from random import choice, randint, randrange
from time import monotonic, sleep
from time import time as now
from uuid import uuid4

LOG = logging.getLogger("purity_cases")
MEMORY = sqlite3.connect(":memory:")
PAIR = socket.socketpair()
SYSTEM = random.SystemRandom()
FILE = open(os.devnull, "r+")
HERE = __file__
POOL = ThreadPoolExecutor(1)
later = partial(time.time)
utcnow = datetime.now
by_name = getattr(time, "monotonic_ns")
table = {"when": time.time_ns, "who": uuid.uuid4}


def breaks(law, call):
    def mark(stf):
        stf.law, stf.call = law, call
        return stf

    return mark


# --- clock


@breaks("clock", "time.time()")
async def module_attribute(state):
    state.at = time.time()  # <-


@breaks("clock", "time.time()")
async def renamed_module(state):
    state.at = clock.time()  # <-


@breaks("clock", "time.time()")
async def renamed_function(state):
    state.at = now()  # <-


@breaks("clock", "time.monotonic()")
async def from_import(state):
    state.at = monotonic()  # <-


@breaks("clock", "time.perf_counter_ns()")
async def import_inside(state):
    from time import perf_counter_ns

    state.at = perf_counter_ns()  # <-


@breaks("clock", "time.monotonic_ns()")
async def through_getattr(state):
    state.at = by_name()  # <-


@breaks("clock", "time.time_ns()")
async def in_a_table(state):
    state.at = table["when"]()  # <-


@breaks("clock", "time.time()")
async def through_partial(state):
    state.at = later()  # <-


@breaks("clock", "time.time()")
async def through_map(state):
    state.at = list(map(lambda f: f(), [time.time]))  # <-


@breaks("clock", "time.time()")
async def through_iter(state):
    state.at = next(iter(time.time, None))  # <-


@breaks("clock", "time.time()")
async def default_argument(state, at=time.time):
    state.at = at()  # <-


@breaks("clock", "time.time()")
async def keyword_default(state, *, at=time.time):
    state.at = at()  # <-


class Clock:
    read = time.time
    zone = datetime.now

    @staticmethod
    def fixed():
        return time.gmtime()  # <- static

    @property
    def today(self):
        return date.today()  # <- property


@breaks("clock", "time.time()")
async def class_attribute(state):
    state.at = Clock.read()  # <-


@breaks("clock", "time.time()")
async def instance_attribute(state):
    state.at = Clock().read()  # <-


@breaks("clock", "datetime.now()")
async def datetime_class_attribute(state):
    state.at = Clock.zone()  # <-


@breaks("clock", "time.gmtime()")
async def static_method(state):
    state.at = Clock.fixed()  # static


@breaks("clock", "date.today()")
async def in_a_property(state):
    state.at = Clock().today  # property


@breaks("clock", "datetime.now()")
async def datetime_now(state):
    state.at = datetime.now()  # <-


@breaks("clock", "datetime.now()")
async def datetime_now_with_zone(state):
    state.at = dt.datetime.now(dt.timezone.utc)  # <-


@breaks("clock", "datetime.now()")
async def datetime_now_taken_early(state):
    state.at = utcnow(tz=timezone.utc)  # <-


@breaks("clock", "datetime.utcnow()")
async def datetime_utcnow(state):
    state.at = datetime.utcnow()  # <-


@breaks("clock", "datetime.today()")
async def datetime_today(state):
    state.at = datetime.today()  # <-


@breaks("clock", "date.today()")
async def date_today(state):
    state.at = date.today()  # <-


class Moment(datetime):
    pass


@breaks("clock", "Moment.now()")
async def datetime_subclass(state):
    state.at = Moment.now()  # <-


@breaks("clock", "time.strftime()")
async def strftime_of_now(state):
    state.at = time.strftime("%H:%M")  # <-


@breaks("clock", "time.localtime()")
async def localtime_of_now(state):
    state.at = time.localtime()  # <-


@breaks("clock", "time.ctime()")
async def ctime_of_none(state):
    state.at = time.ctime(None)  # <-


@breaks("clock", "time.process_time()")
async def cpu_time(state):
    state.at = time.process_time()  # <-


@breaks("clock", "os.times()")
async def os_times(state):
    state.at = os.times()  # <-


@dataclass
class Stamped:
    at: float = field(default_factory=time.time)


@breaks("clock", "time.time()")
async def default_factory(state):
    state.at = Stamped()  # <-


def helper():
    return time.time()  # <- helper


async def coroutine_helper():
    await deeper()


async def deeper():
    time.time()  # <- deeper


@breaks("clock", "time.time()")
async def in_a_helper(state):
    state.at = helper()  # helper


@breaks("clock", "time.time()")
async def in_a_helper_coroutine(state):
    await coroutine_helper()  # deeper


@breaks("clock", "time.time()")
async def in_a_nested_function(state):
    def inner():
        return [time.time() for _ in range(1)]  # <-

    state.at = inner()


@breaks("clock", "time.time()")
async def in_a_generator(state):
    def inner():
        yield time.time()  # <-

    state.at = list(inner())


@breaks("clock", "time.time()")
async def in_a_sort_key(state):
    state.at = sorted([1, 2], key=lambda _: time.time())  # <-


@contextmanager
def timed():
    yield time.monotonic()  # <- timed


@breaks("clock", "time.monotonic()")
async def in_a_context_manager(state):
    with timed() as state.at:  # timed
        pass


@breaks("clock", "time.time()")
async def swallowed_by_except_exception(state):
    try:
        state.at = time.time()  # <-
    except Exception:
        pass


@breaks("clock", "time.time()")
async def swallowed_by_except_base_exception(state):
    try:
        state.at = time.time()  # <-
    except BaseException:
        pass


@breaks("clock", "time.time()")
async def swallowed_by_a_bare_except_and_followed_by_another(state):
    try:
        time.time()  # <-
    except:
        pass
    random.random()


@breaks("clock", "time.time()")
async def turned_into_another_error(state):
    try:
        time.time()  # <-
    except BaseException as error:
        raise ValueError from error


@breaks("clock", "time.time()")
async def swallowed_by_finally(state):
    try:
        time.time()  # <-
    finally:
        return


@breaks("clock", "time.time()")
async def suppressed(state):
    with suppress(BaseException):
        time.time()  # <-


@breaks("clock", "time.time()")
async def in_a_method_of_the_state(state):
    state.stamp(time.time)  # stamp


@breaks("clock", "gzip.compress()")
async def deep_in_the_library(state):
    import gzip

    state.at = gzip.compress(b"x")  # <-


# --- random


@breaks("random", "random.random()")
async def random_random(state):
    state.at = random.random()  # <-


@breaks("random", "random.randint()")
async def random_from_import(state):
    state.at = randint(1, 6)  # <-


@breaks("random", "random.choice()")
async def random_choice(state):
    state.at = choice([1, 2])  # <-


@breaks("random", "random.shuffle()")
async def random_shuffle(state):
    random.shuffle([1, 2])  # <-


@breaks("random", "random.seed()")
async def random_seed(state):
    random.seed(42)  # <-


@breaks("random", "random.Random()")
async def random_unseeded(state):
    state.at = random.Random().random()  # <-


@breaks("random", "random.Random()")
async def random_seeded_with_none(state):
    state.at = random.Random(None).random()  # <-


@breaks("random", "random.Random.seed()")
async def random_seeded_again(state):
    random.Random(1).seed()  # <-


@breaks("random", "random.Random()")
async def random_system(state):
    state.at = random.SystemRandom().random()  # <-


@breaks("random", "random.Random.randint()")
async def random_system_early(state):
    state.at = SYSTEM.randint(1, 6)  # <-


@breaks("random", "os.urandom()")
async def os_urandom(state):
    state.at = os.urandom(8)  # <-


@breaks("random", "secrets.token_hex()")
async def secrets_token(state):
    state.at = secrets.token_hex()  # <-


@breaks("random", "uuid.uuid4()")
async def uuid_4(state):
    state.at = uuid.uuid4()  # <-


@breaks("random", "uuid.uuid4()")
async def uuid_4_early(state):
    state.at = str(uuid4())  # <-


@breaks("random", "uuid.uuid4()")
async def uuid_4_in_a_table(state):
    state.at = table["who"]()  # <-


@breaks("random", "uuid.uuid1()")
async def uuid_1(state):
    state.at = uuid.uuid1()  # <-


# --- reads


@breaks("reads", "os.getenv()")
async def os_getenv(state):
    state.at = os.getenv("HOME")  # <-


@breaks("reads", "os.getenv()")
async def getenv_early(state):
    state.at = getenv("NOT_THERE", "x")  # <-


@breaks("reads", "os.environ")
async def environ_item(state):
    state.at = os.environ["PATH"]  # <-


@breaks("reads", "os.environ")
async def environ_get(state):
    state.at = environ.get("PATH")  # <-


@breaks("reads", "os.environ")
async def environ_contains(state):
    state.at = "PATH" in environ  # <-


@breaks("reads", "os.environ")
async def environ_copy(state):
    state.at = dict(os.environ)  # <-


@breaks("reads", "os.getcwd()")
async def os_getcwd(state):
    state.at = getcwd()  # <-


@breaks("reads", "os.path.abspath()")
async def path_abspath(state):
    state.at = os.path.abspath("x")  # <-


@breaks("reads", "pathlib.Path.cwd()")
async def path_cwd(state):
    state.at = pathlib.Path.cwd()  # <-


@breaks("reads", "os.getpid()")
async def os_getpid(state):
    state.at = getpid()  # <-


@breaks("reads", "os.cpu_count()")
async def os_cpu_count(state):
    state.at = os.cpu_count()  # <-


@breaks("reads", "platform.node()")
async def platform_node(state):
    state.at = platform.node()  # <-


@breaks("reads", "socket.gethostname()")
async def host_name(state):
    state.at = socket.gethostname()  # <-


@breaks("reads", "os.path.exists()")
async def path_exists(state):
    state.at = os.path.exists("x")  # <-


@breaks("reads", "pathlib.Path.exists()")
async def pathlib_exists(state):
    state.at = pathlib.Path("x").exists()  # <-


@breaks("reads", "os.stat()")
async def os_stat(state):
    state.at = os.stat("/").st_size  # <-


@breaks("reads", "os.listdir()")
async def os_listdir(state):
    state.at = os.listdir()  # <-


@breaks("reads", "glob.glob()")
async def glob_glob(state):
    state.at = glob.glob("*")  # <-


@breaks("reads", "open()")
async def open_to_read(state):
    with open(HERE) as state.at:  # <-
        pass


@breaks("reads", "open()")
async def open_through_builtins(state):
    state.at = builtins.open(HERE)  # <-


@breaks("reads", "open()")
async def os_open(state):
    state.at = os.open(HERE, os.O_RDONLY)  # <-


@breaks("reads", "pathlib.Path.read_text()")
async def pathlib_read(state):
    state.at = pathlib.Path(HERE).read_text()  # <-


@breaks("reads", "io.TextIOWrapper.readline()")
async def open_file_read(state):
    state.at = FILE.readline()  # <-


@breaks("reads", "threading.get_ident()")
async def thread_id(state):
    state.at = threading.get_ident()  # <-


@breaks("reads", "gc.get_objects()")
async def gc_objects(state):
    state.at = len(gc.get_objects())  # <-


# --- effects


@breaks("effects", "print()")
async def printing(state):
    print("hello")  # <-


@breaks("effects", "io.TextIOWrapper.write()")
async def file_write(state):
    FILE.write("hello")  # <-


@breaks("effects", "io.TextIOWrapper.write()")
async def stdout_write(state):
    sys.__stdout__.write("hello")  # <-


@breaks("effects", "input()")
async def asking(state):
    state.at = input()  # <-


@breaks("effects", "open()")
async def open_to_write(state):
    state.at = open("/tmp/never-written-by-fasm", "w")  # <-


@breaks("effects", "pathlib.Path.write_text()")
async def pathlib_write(state):
    pathlib.Path("/tmp/never-written-by-fasm").write_text("x")  # <-


@breaks("effects", "tempfile.NamedTemporaryFile()")
async def temporary(state):
    state.at = tempfile.NamedTemporaryFile(dir="/tmp")  # <-


@breaks("effects", "os.mkdir()")
async def os_mkdir(state):
    os.mkdir("/tmp/never-made-by-fasm")  # <-


@breaks("effects", "shutil.rmtree()")
async def remove_tree(state):
    shutil.rmtree("/tmp/never-made-by-fasm")  # <-


@breaks("effects", "os.environ")
async def environ_set(state):
    os.environ["FASM_NEVER_SET"] = "1"  # <-


@breaks("effects", "os.write()")
async def os_write(state):
    os.write(1, b"hello")  # <-


@breaks("effects", "os._exit()")
async def os_exit(state):
    os._exit(3)  # <-


@breaks("effects", "os.system()")
async def os_system(state):
    os.system("true")  # <-


@breaks("effects", "subprocess.run()")
async def run_process(state):
    subprocess.run(["true"])  # <-


@breaks("effects", "subprocess.check_output()")
async def run_and_swallow(state):
    try:
        subprocess.check_output(["true"])  # <-
    except BaseException:
        pass


@breaks("effects", "time.sleep()")
async def sleeping(state):
    sleep(1)  # <-


@breaks("effects", "threading.Thread.start()")
async def thread_start(state):
    threading.Thread(target=helper).start()  # <-


@breaks("effects", "threading.Event.wait()")
async def waiting(state):
    threading.Event().wait(0.001)  # <-


@breaks("effects", "concurrent.futures.ThreadPoolExecutor.submit()")
async def pool_submit(state):
    POOL.submit(helper)  # <-


@breaks("effects", "_thread.start_new_thread()")
async def thread_low(state):
    import _thread

    _thread.start_new_thread(helper, ())  # <-


@breaks("effects", "socket.socket()")
async def new_socket(state):
    state.at = socket.socket()  # <-


@breaks("effects", "socket.socket.send()")
async def open_socket_send(state):
    PAIR[0].send(b"x")  # <-


@breaks("effects", "urllib.request.urlopen()")
async def fetch(state):
    state.at = urllib.request.urlopen("http://localhost:1/")  # <-


@breaks("effects", "sqlite3.connect()")
async def database(state):
    state.at = sqlite3.connect(":memory:")  # <-


@breaks("effects", "sqlite3.Connection.execute()")
async def open_database(state):
    state.at = MEMORY.execute("select 1")  # <-


@breaks("effects", "logging.Logger.info()")
async def log_info(state):
    LOG.info("hello")  # <-


@breaks("effects", "logging.Logger.exception()")
async def log_exception(state):
    try:
        1 / 0
    except ZeroDivisionError:
        LOG.exception("oh")  # <-


@breaks("effects", "logging.warning()")
async def log_module(state):
    logging.warning("hello")  # <-


@breaks("effects", "warnings.warn()")
async def warning(state):
    warnings.warn("hello")  # <-


@breaks("effects", "atexit.register()")
async def at_exit(state):
    atexit.register(helper)  # <-


@breaks("effects", "decimal.setcontext()")
async def decimal_context(state):
    decimal.setcontext(decimal.Context(prec=3))  # <-


@breaks("clock", "resource.getrusage()")
async def time_used(state):
    state.at = resource.getrusage(resource.RUSAGE_SELF).ru_utime  # <-


@breaks("effects", "sys.setrecursionlimit()")
async def recursion_limit(state):
    sys.setrecursionlimit(sys.getrecursionlimit())  # <-


@breaks("effects", "locale.setlocale()")
async def set_locale(state):
    locale.setlocale(locale.LC_ALL, "C")  # <-


@breaks("effects", "signal.signal()")
async def set_signal(state):
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # <-


@breaks("effects", "gc.collect()")
async def collect(state):
    gc.collect()  # <-


@breaks("effects", "decimal.getcontext()")
async def decimal_precision(state):
    decimal.getcontext().prec = 3  # <-
    state.at = decimal.Decimal(1) / 3


@breaks("effects", "decimal.getcontext()")
async def decimal_precision_and_rejection(state):
    decimal.getcontext().traps[decimal.DivisionByZero] = False  # <-
    raise ValueError


# --- awaiting


@breaks("effects", "asyncio.sleep()")
async def asyncio_sleep(state):
    await asyncio.sleep(1)  # <-


@breaks("effects", "asyncio.sleep()")
async def asyncio_sleep_swallowed(state):
    try:
        await asyncio.sleep(1)  # <-
    except BaseException:
        pass


@breaks("effects", "asyncio.sleep()")
async def asyncio_yield(state):
    await asyncio.sleep(0)  # <-


async def napping():
    await asyncio.sleep(0)  # <- nap


@breaks("effects", "asyncio.sleep()")
async def asyncio_yield_in_a_helper(state):
    await napping()  # nap


@breaks("effects", "asyncio.wait_for()")
async def asyncio_wait_for(state):
    with contextlib.closing(napping()) as coroutine:
        await asyncio.wait_for(coroutine, 1)  # <-


@breaks("effects", "asyncio.create_task()")
async def asyncio_task(state):
    with contextlib.closing(napping()) as coroutine:
        asyncio.create_task(coroutine)  # <-


@breaks("effects", "asyncio.to_thread()")
async def asyncio_to_thread(state):
    await asyncio.to_thread(helper)  # <-


@breaks("effects", "asyncio.get_event_loop()")
async def asyncio_future(state):
    await asyncio.Future()  # <-


@breaks("effects", "asyncio.new_event_loop()")
async def asyncio_own_loop(state):
    state.at = asyncio.new_event_loop()  # <-


@breaks("effects", "asyncio.open_connection()")
async def asyncio_connection(state):
    await asyncio.open_connection("localhost", 1)  # <-


class Odd:
    def __await__(self):
        yield "odd"  # <- odd


@breaks("effects", "str")
async def own_awaitable(state):
    await Odd()  # odd
