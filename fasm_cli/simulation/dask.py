"""Makes runs on a Dask cluster: a pool of processes on many computers.

Each Dask worker starts processes for the machine as the local pool does: with the purity checks, with the fixed hash
seed, and without Dask. So a report is the same wherever it was made.
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

CONNECT_TIMEOUT = 10.0  # seconds
QUEUED_CALLS = 2  # for each process on the cluster, so that none is idle while a result is sent


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What a worker needs to start its processes. `key` identifies one search, whose end also ends the processes."""

    key: str
    setup: Setup
    arguments: tuple[Any, ...]


class Cluster:
    """The workers of the Dask scheduler at `address`. All of them need the machine's `source` at the same path.

    Raises `UsageError` if the cluster cannot be used, `MachineError` if a worker has another version of the machine.
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
        self._spec = WorkerSpec(uuid4().hex, setup, arguments)
        self._environment = environment
        try:
            scheme, location = parse_address(
                address
            )  # a client with an invalid address logs errors when it is collected
            get_backend(scheme)
            parse_host_port(location)
            self._client = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            why = str(error).partition("\n")[0]
            raise UsageError(
                f"no Dask cluster at {address!r}: {why}", "start one: dask scheduler, and dask worker ADDRESS elsewhere"
            ) from None
        try:
            self._processes = sum(_usable_processes(name, info, source) for name, info in self._worker_infos(source))
        except BaseException:
            self._client.close()
            raise

    def _worker_infos(self, source: str) -> list[tuple[str, "WorkerInfo"]]:
        infos = self._client.run(worker_info, source)
        if not infos:
            raise UsageError("the Dask cluster has no workers", "start some: dask worker ADDRESS")
        return sorted(infos.items())

    def map_ordered(self, function: Callable[..., T], calls: Iterable[tuple[Any, ...]]) -> Iterator[T]:
        return in_order((self._submit(function, call) for call in calls), QUEUED_CALLS * self._processes)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        result: T = result_of(self._submit(function, arguments))
        return result

    def close(self) -> None:
        """End the processes of this search on every worker. The cluster keeps running."""
        with suppress(Exception):  # a cluster that is gone has no processes
            self._client.run(end, self._spec.key)
        self._client.close()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _submit(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> Any:
        return self._client.submit(call, self._spec, self._environment, function, arguments, pure=False)


# --- on the workers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker reports about itself."""

    version: str
    daemon: bool  # it may not start processes
    digest: str  # of the machine's source there; empty if there is none
    threads: int


def worker_info(source: str, dask_worker: Any) -> WorkerInfo:
    """Return the facts about a worker. Dask passes `dask_worker` to functions with an argument of this name."""
    daemon = multiprocessing.current_process().daemon
    return WorkerInfo(__version__, daemon, _digest(source), int(dask_worker.state.nthreads))


def _digest(source: str) -> str:
    try:
        return blake2b(Path(source).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _usable_processes(name: str, info: WorkerInfo, source: str) -> int:
    """Return how many processes the worker `name` can start. Raises `UsageError` or `MachineError`."""
    if info.version != __version__:
        raise UsageError(f"the worker {name} has fasm {info.version}, and this is {__version__}")
    if info.daemon:
        hint = "start it with --no-nanny, or with DASK_DISTRIBUTED__WORKER__DAEMON=False"
        raise UsageError(f"the worker {name} may not start processes", hint)
    if not info.digest:
        raise MachineError(f"the worker {name} has no {source}", "every worker needs the project at the same path")
    if info.digest != _digest(source):
        raise MachineError(f"the worker {name} has another {source}", "bring the project there up to date")
    return info.threads


_pools: dict[str, Pool] = {}
_lock = Lock()  # the threads of a worker share its processes


def call(spec: WorkerSpec, environment: Mapping[str, str], function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """Call `function` in one of this worker's processes."""
    from distributed import get_worker

    with _lock:
        if spec.key not in _pools:
            threads = int(get_worker().state.nthreads)
            _pools[spec.key] = Pool(threads, environment, spec.setup, *spec.arguments)
        future = _pools[spec.key].submit(function, *arguments)
    return future.result()


def end(key: str) -> None:
    """End the processes of the search `key`."""
    with _lock:
        pool = _pools.pop(key, None)
    if pool is not None:
        pool.close()
