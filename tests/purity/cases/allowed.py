# ruff: noqa
"""Transitions that look as if they break a law and break none; the guard must not report them."""

import asyncio
import base64
import bisect
import collections
import contextlib
import copy
import dataclasses
import datetime as dt
import decimal
import locale
import enum
import fractions
import functools
import hashlib
import heapq
import hmac
import inspect
import io
import itertools
import json
import logging
import math
import operator
import os.path
import pathlib
import pickle
import random
import re
import secrets
import statistics
import string
import struct
import textwrap
import threading
import time
import traceback
import typing
import uuid
import zlib
import zoneinfo
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from time import time as now

LOG = logging.getLogger("purity_cases")
AT = datetime(2024, 2, 29, 12, 0, tzinfo=timezone.utc)
LOADED_AT = now()


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Flag(enum.Flag):
    A = enum.auto()
    B = enum.auto()


@dataclass(order=True)
class Money:
    amount: Decimal
    currency: str = "EUR"
    tags: list = field(default_factory=list)


@functools.cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


async def datetime_arithmetic(state):
    state.x = (AT + timedelta(days=1) - AT).total_seconds() + (AT > AT.replace(year=2020))


async def datetime_parsing(state):
    state.x = datetime.fromisoformat("2024-02-29T12:00:00+00:00"), date.fromisoformat("2024-02-29")


async def datetime_strptime(state):
    state.x = datetime.strptime("2024-02-29 12:00", "%Y-%m-%d %H:%M")


async def datetime_formatting(state):
    state.x = f"{AT:%d.%m.%Y}", AT.strftime("%A"), AT.isoformat(), str(AT), repr(AT)


async def datetime_timestamp(state):
    state.x = AT.timestamp(), datetime.fromtimestamp(0, timezone.utc), datetime.combine(AT.date(), AT.time())


async def time_of_an_argument(state):
    state.x = time.strftime("%Y", time.gmtime(0)), time.localtime(0), time.ctime(0), time.asctime(time.gmtime(1))


async def module_constant_from_the_clock(state):
    state.x = LOADED_AT


async def mentions_but_does_not_call(state):
    state.x = [time.time, datetime.now, random.random, print]
    state.x = state.x[0].__name__


async def zone(state):
    state.x = AT.astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))


async def zone_not_cached(state):
    state.x = zoneinfo.ZoneInfo.no_cache("America/New_York").utcoffset(AT)


async def uuid_from_value(state):
    state.x = uuid.UUID(int=7), uuid.uuid5(uuid.NAMESPACE_DNS, "x"), uuid.uuid3(uuid.NAMESPACE_URL, "y")


async def seeded_generator(state):
    generator = random.Random(state.seed)
    state.x = generator.random(), generator.choice("abc"), generator.sample(range(9), 3), generator.gauss(0, 1)


async def seeded_by_keyword(state):
    state.x = random.Random(x=42).randint(1, 6)


async def generator_in_the_state(state):
    state.x = state.generator.random() + state.generator.randrange(9)
    state.generator.shuffle([1, 2, 3])
    state.generator.seed(7)


async def generator_saved_and_loaded(state):
    generator = random.Random(1)
    saved = generator.getstate()
    generator.random()
    generator.setstate(saved)


async def generator_copied(state):
    state.x = copy.deepcopy(state.generator).random()


async def hashing(state):
    state.x = hashlib.sha256(b"x").hexdigest(), hashlib.new("md5", b"x", usedforsecurity=False).digest()


async def comparing_digests(state):
    state.x = secrets.compare_digest("a", "b"), hmac.new(b"k", b"m", "sha256").hexdigest()


async def json_round_trip(state):
    state.x = json.loads(json.dumps({"a": [1, 2.5, None]}, indent=1, sort_keys=True))


async def pickle_round_trip(state):
    state.x = pickle.loads(pickle.dumps((AT, Decimal("1.5"), Colour.RED)))


async def expressions(state):
    state.x = re.sub(r"(\d+)-(\w)", r"\2", "12-x"), re.compile("ab*c").match("abbc").group()


async def decimals(state):
    state.x = (Decimal("1.10") / 3).quantize(Decimal("0.01")), sum([Decimal(1), Decimal("2.5")])


async def decimal_local_context(state):
    with decimal.localcontext() as context:
        context.prec = 5
        state.x = Decimal(1) / 3


async def decimal_context_looked_at(state):
    state.x = decimal.getcontext().prec, decimal.getcontext().divide(Decimal(1), Decimal(3))


async def fraction(state):
    state.x = fractions.Fraction(1, 3) + 1, statistics.mean([1, 2, 3]), statistics.median([1, 5])


async def cached_helper(state):
    state.x = fib(30)


async def logger_without_logging(state):
    state.x = logging.getLogger("purity_cases.other").name, logging.getLevelName(10)


async def enumerations(state):
    state.x = list(Colour), Colour(1), Colour["BLUE"], Flag.A | Flag.B, [*Flag]


async def sorting(state):
    state.x = sorted([Money(Decimal(2)), Money(Decimal(1))], key=operator.attrgetter("amount"), reverse=True)


async def deep_copy(state):
    state.x = copy.deepcopy({"a": [Money(Decimal(1))], "b": {1, 2}}), copy.copy([1])


async def mathematics(state):
    state.x = math.isqrt(99), math.prod([1, 2]), math.hypot(3, 4), 0.1 + 0.2, divmod(7, 2), round(2.5)


async def iteration(state):
    state.x = list(itertools.groupby("aab")), list(itertools.pairwise([1, 2, 3])), dict(zip("ab", range(2)))


async def context_managers(state):
    with contextlib.suppress(KeyError), contextlib.ExitStack() as stack:
        stack.callback(lambda: None)
        {}["x"]


async def data_classes(state):
    state.x = replace(Money(Decimal(1)), currency="USD"), dataclasses.asdict(Money(Decimal(1)))
    dataclasses.make_dataclass("Made", ["a"])(1)


async def named_tuples(state):
    state.x = collections.namedtuple("P", "a b")(1, 2)._replace(a=3), typing.NamedTuple("Q", [("a", int)])(1)


async def collections_of_all_kinds(state):
    state.x = collections.Counter("aab").most_common(1), collections.deque([1, 2], maxlen=1)
    heapq.heappush(heap := [], 1)
    bisect.insort(heap, 2)


async def typing_things(state):
    state.x = typing.get_type_hints(Money), typing.cast(int, "x"), isinstance(1, int | str)


async def pattern_matching(state):
    match {"kind": "pay", "sum": [1, 2]}:
        case {"kind": "pay", "sum": [first, *rest]} if first:
            state.x = first, rest


async def print_to_a_string(state):
    out = io.StringIO()
    print("x", file=out)
    out.write("y")
    state.x = out.getvalue()


async def bytes_in_memory(state):
    buffer = io.BytesIO()
    buffer.write(struct.pack("<I", 7))
    state.x = zlib.crc32(buffer.getvalue()), base64.b64encode(b"x")


async def text_in_memory(state):
    state.x = io.TextIOBase, textwrap.wrap("a b c", 3), string.Template("$a").substitute(a=1)


async def paths_as_text(state):
    state.x = pathlib.PurePath("a") / "b.txt", pathlib.Path("a").suffix, os.path.join("a", "b"), os.path.basename("a/b")


async def import_inside(state):
    import colorsys

    state.x = colorsys.rgb_to_hsv(1, 0, 0)


async def import_of_much(state):
    import xml.etree.ElementTree

    state.x = xml.etree.ElementTree.fromstring("<a/>").tag


async def exceptions_formatted(state):
    try:
        {}["x"]
    except KeyError as error:
        state.x = "".join(traceback.format_exception(error))


async def source_looked_at(state):
    state.x = inspect.getsource(fib), inspect.signature(fib)


async def exceptions_grouped(state):
    try:
        raise ExceptionGroup("x", [ValueError(1)])
    except* ValueError:
        pass


async def a_lock_nobody_holds(state):
    with threading.Lock(), threading.RLock():
        pass
    async with asyncio.Lock():
        pass


async def helper_coroutines(state):
    async def inner(n):
        return n if n == 0 else await inner(n - 1)

    state.x = await inner(9)


async def async_generators(state):
    async def numbers():
        yield 1
        yield 2

    state.x = [n async for n in numbers()]


async def code_made_at_run_time(state):
    state.x = eval("1 + 1")
    exec("y = 2", {})


async def repr_and_ids(state):
    state.x = repr(Money(Decimal(1))), id(state) == id(state), hash((1, 2))


async def much_garbage(state):
    for _ in range(3000):
        cycle = []
        cycle.append(cycle)


async def an_exception_of_its_own(state):
    with contextlib.suppress(ZeroDivisionError):
        1 / 0


async def a_class_made_inside(state):
    class Local(Money):
        def __post_init__(self):
            self.tags = [type(self).__name__]

    state.x = Local(Decimal(1)).tags


async def asks_for_the_locale(state):
    state.at = locale.setlocale(locale.LC_ALL)
