"""A Maven repository on loopback, over real HTTP, that notes what it was asked for and can be told to misbehave."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness.cluster.toolchain.lock import Artifact


@dataclass
class Repository:
    """What it serves lies in `folder`. `asked` holds each request's path and Range header, in order.

    `before` is called with its path in each request's own thread. A path in `cuts` is answered with that many bytes
    once, and the connection then ends. Without `ranges` every answer is the whole file.
    """

    folder: Path
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    before: Callable[[str], object] = lambda _: None
    cuts: dict[str, int] = field(default_factory=dict)
    ranges: bool = True

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(self, name: str, content: bytes) -> Artifact:
        """Serve a file. Gives it as a lock would."""
        artifact = Artifact(f"org.example:{name}:1.0", len(content), hashlib.sha256(content).hexdigest())
        self.put(artifact, content)
        return artifact

    def put(self, artifact: Artifact, content: bytes) -> None:
        """Serve other content under an artifact's path."""
        file = self.folder / artifact.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def asked_for(self, artifact: Artifact) -> list[str | None]:
        """Give the Range header of each request for a file."""
        return [wanted for path, wanted in self.asked if path == f"/{artifact.path}"]

    def close(self) -> None:
        """Serve no more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers["Range"]
                with repository._lock:
                    repository.asked.append((self.path, wanted))
                repository.before(self.path)
                file = repository.folder / self.path[1:]
                if not file.exists():
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                content = file.read_bytes()
                if wanted and repository.ranges:
                    first = int(wanted.removeprefix("bytes=").removesuffix("-"))
                    self.send_response(HTTPStatus.PARTIAL_CONTENT)
                    self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
                    content = content[first:]
                else:
                    self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: repository.cuts.pop(self.path[1:], None)])

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        return Handler
