import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from docai.errors import EngineError, ModelError, ModelMissing, UsageError
from docai.models import fetch as module
from docai.models.fetch import Entry, RemoteFile, catalogue, download, fetch

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT at any path, in ranges; /cut stops half way, /whole knows no ranges."""

    def do_GET(self):
        self.server.asked.append(self.headers.get("Range"))
        if self.path == "/gone":
            self.send_error(404)
            return
        wanted = self.headers.get("Range")
        start = int(wanted[6:-1]) if wanted and self.path != "/whole" else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        half = len(CONTENT) // 2
        self.wfile.write(CONTENT[start:half] if self.path == "/cut" else CONTENT[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Server) as http:
        http.asked = []
        http.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def test_a_file_arrives_whole_and_is_not_fetched_twice(server, tmp_path):
    path = tmp_path / "weights"
    for _ in range(2):
        download(f"{server.url}/weights", path, sha256=SHA256)
    assert path.read_bytes() == CONTENT
    assert len(server.asked) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["weights"]


@pytest.mark.parametrize("second", ["weights", "whole"], ids=["resumed", "server starts again"])
def test_a_cut_off_download_goes_on(server, tmp_path, second):
    path = tmp_path / "weights"
    with pytest.raises(EngineError, match="run the command again"):
        download(f"{server.url}/cut", path, sha256=SHA256)
    assert not path.exists()
    download(f"{server.url}/{second}", path, sha256=SHA256)
    assert path.read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_part_that_was_already_whole_is_taken(server, tmp_path):
    (tmp_path / "weights.part").write_bytes(CONTENT)
    download(f"{server.url}/weights", tmp_path / "weights", sha256=SHA256)
    assert (tmp_path / "weights").read_bytes() == CONTENT


def test_other_bytes_are_thrown_away(server, tmp_path):
    with pytest.raises(ModelError, match="thrown away"):
        download(f"{server.url}/weights", tmp_path / "weights", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_or_not_on_the_web_is_an_error(server, tmp_path):
    with pytest.raises(EngineError, match="404"):
        download(f"{server.url}/gone", tmp_path / "weights", sha256=SHA256)
    with pytest.raises(UsageError, match="not on the web"):
        download(f"file://{__file__}", tmp_path / "weights", sha256=SHA256)


def test_an_entry_is_fetched_with_its_config(server, tmp_path, monkeypatch):
    files = (RemoteFile("w.pdparams", f"{server.url}/w", None),)
    entry = Entry("one", "", "", "", files, {"vocab_size": 9})
    monkeypatch.setattr(module, "catalogue", lambda: {"one": entry})
    with pytest.raises(UsageError, match=r"no sha256 is on record for w\.pdparams"):
        fetch("one", into=tmp_path)
    assert server.asked == []
    folder = fetch("one", into=tmp_path, sha256={"w.pdparams": SHA256})
    assert (folder / "w.pdparams").read_bytes() == CONTENT
    assert json.loads((folder / "config.json").read_text()) == {"vocab_size": 9}
    with pytest.raises(ModelMissing, match="it has one"):
        fetch("two", into=tmp_path)


def test_the_catalogue_is_sound():
    """Every entry is https, and its config can be imported."""
    from docai.models.convert import config_from_reference

    for entry in catalogue().values():
        assert entry.summary and entry.licence and entry.then and entry.files
        for file in entry.files:
            assert file.url.startswith("https://")
            assert file.sha256 is None or len(bytes.fromhex(file.sha256)) == 32
        if entry.config:
            config = config_from_reference(entry.config, {})
            assert (config.width, config.vocabulary) == (768, 250002)
