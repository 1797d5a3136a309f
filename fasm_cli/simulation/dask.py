"""Runs on a Dask cluster: what a pool does on one machine, done by many.

Each Dask worker keeps processes of its own for the machine, as the local pool does: guarded, with its hash seed, and
nothing of Dask's in them. So a report is the same wherever it was made.
"""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, TypeVar
from uuid import uuid4

from fasm_cli import __version__
from fasm_cli.errors import MachineError, UsageError
from fasm_cli.simulation.pool import Pool, Setup, in_order, result_of

T = TypeVar("T")

PATIENCE = 10  # seconds for a scheduler to answer
AHEAD = 2  # calls for each process that wait on the cluster, so that none is idle while a result travels


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What a worker needs to know to make its processes; `key` is of one search, so that no process outlives it."""

    key: str
    setup: Setup
    arguments: tuple[Any, ...]


class Cluster:
    """The workers of the Dask scheduler at `address`, which all see the machine's `source` where it is here.

    Raises `UsageError` where the cluster cannot be used, `MachineError` where a worker has another machine.
    """

    def __init__(
        self, address: str, source: str, environment: Mapping[str, str], setup: Setup, *arguments: Any
    ) -> None:
        try:
            from distributed import Client
            from distributed.comm.addressing import parse_address, parse_host_port
            from distributed.comm.registry import get_backend
        except ImportError:
            raise UsageError(
                "--cluster needs Dask, which is not installed", "pip install 'fasm-cli[cluster]'"
            ) from None
        self._setting = WorkerSpec(uuid4().hex, setup, arguments)
        self._environment = environment
        try:
            scheme, place = parse_address(address)  # a client that was given nonsense is noisy when it is collected
            get_backend(scheme)
            parse_host_port(place)
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            why = str(error).partition("\n")[0]
            raise UsageError(
                f"no Dask cluster at {address!r}: {why}", "start one: dask scheduler, and dask worker ADDRESS elsewhere"
            ) from None
        try:
            self._processes = sum(_usable(name, told, source) for name, told in self._introductions(source))
        except BaseException:
            self._client.close()
            raise

    def _introductions(self, source: str) -> list[tuple[str, "WorkerInfo"]]:
        told = self._client.run(worker_info, source)
        if not told:
            raise UsageError("the Dask cluster has no workers", "start some: dask worker ADDRESS")
        return sorted(told.items())

    def map_ordered(self, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        return in_order((self._submit(function, call) for call in calls), AHEAD * self._processes)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        result: T = result_of(self._submit(function, arguments))
        return result

    def close(self) -> None:
        """End the processes of this search on every worker; the cluster stays."""
        with suppress(Exception):  # a cluster that is gone has none
            self._client.run(end, self._setting.key)
        self._client.close()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _submit(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> Any:
        return self._client.submit(call, self._setting, self._environment, function, arguments, pure=False)


# --- on the workers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker says of itself."""

    version: str
    daemon: bool  # it may not have processes of its own
    digest: str  # of the machine's source there; empty where there is none
    threads: int


def worker_info(source: str, dask_worker: Any) -> WorkerInfo:
    """Dask gives `dask_worker` to whoever has an argument of this name."""
    daemon = multiprocessing.current_process().daemon
    return WorkerInfo(__version__, daemon, _digest(source), int(dask_worker.state.nthreads))


def _digest(source: str) -> str:
    try:
        return blake2b(Path(source).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _usable(name: str, told: WorkerInfo, source: str) -> int:
    """How many processes the worker `name` can have. Raises `UsageError` or `MachineError`."""
    if told.version != __version__:
        raise UsageError(f"the worker {name} has fasm {told.version}, and this is {__version__}")
    if told.daemon:
        hint = "start it with --no-nanny, or with DASK_DISTRIBUTED__WORKER__DAEMON=False"
        raise UsageError(f"the worker {name} may not start processes", hint)
    if not told.digest:
        raise MachineError(f"the worker {name} has no {source}", "every worker needs the project at the same path")
    if told.digest != _digest(source):
        raise MachineError(f"the worker {name} has another {source}", "bring the project there up to date")
    return told.threads


_pools: dict[str, Pool] = {}
_making = Lock()  # the threads of a worker share its processes


def call(
    setting: WorkerSpec, environment: Mapping[str, str], function: Callable[..., T], arguments: tuple[Any, ...]
) -> T:
    """`function` in one of this worker's processes."""
    from distributed import get_worker

    with _making:
        if setting.key not in _pools:
            threads = int(get_worker().state.nthreads)
            _pools[setting.key] = Pool(threads, environment, setting.setup, *setting.arguments)
        future = _pools[setting.key].submit(function, *arguments)
    return future.result()


def end(key: str) -> None:
    """End the processes of the search `key`."""
    with _making:
        pool = _pools.pop(key, None)
    if pool is not None:
        pool.close()
