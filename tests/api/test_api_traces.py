"""Traces leave the process when the environment names a collector, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

CALL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from workplace import Workplace
from docai.store import migrate
folder = Path(sys.argv[2])
place = Workplace(folder, f"sqlite:///{folder / 'docai.sqlite'}")
migrate.upgrade(place.store.engine)
with place.client() as ann:
    ann.get("/v1/jobs", headers={"X-Request-ID": "traced-17"})
place.close()
"""


@pytest.fixture
def collector():
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("wanted", [True, False])
def test_a_call_is_a_span_with_its_ids(collector, tmp_path, wanted):
    address, got = collector
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": address} if wanted else {}
    (tmp_path / "made").mkdir()
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", CALL, here, str(tmp_path)]
    subprocess.run(command, env=os.environ | named, check=True, capture_output=True)
    traces = b"".join(body for path, body in got if path == "/v1/traces")
    assert (b"GET /v1/jobs" in traces) is wanted
    assert (b"traced-17" in traces) is wanted
    assert (b"docai.owner" in traces) is wanted
