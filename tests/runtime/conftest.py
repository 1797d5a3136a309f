"""The outside world of the machines under test: a provider that records every request."""

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

SHOP = str(Path(__file__).with_name("shop.py"))


class Provider:
    """A server on a socket, called by `shop.provider`. `asked` has every request in order; `answers` returns the answer
    to a request, and may kill the client instead."""

    def __init__(self, path: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: Callable[[dict[str, Any]], str] = lambda request: "yes"
        provider = self

        class Call(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline()
                if line.endswith(b"\n"):
                    request = json.loads(line)
                    provider.asked.append(request)
                    with suppress(OSError):  # the client may be gone
                        self.wfile.write(json.dumps(provider.answers(request)).encode() + b"\n")

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 100

        self._server = Server(str(path), Call)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    path = tmp_path / "provider"
    monkeypatch.setitem(os.environ, "PROVIDER", str(path))
    one = Provider(path)
    yield one
    one.close()
