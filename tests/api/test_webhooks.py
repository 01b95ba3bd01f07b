"""Webhooks: registered, signed, and never to an address inside."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from calls import refusal, submit, upload

from docai.errors import UsageError
from docai.webhooks import WebhookOptions, is_genuine, sign, target
from worker import deliver
from worker.deliver import deliver_due

HERE = WebhookOptions("127.0.0.0/8")


class Receiver:
    """A web server that keeps what it is sent."""

    def __init__(self):
        self.got = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((self.path, headers, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def place(workplaces):
    return workplaces(webhooks=HERE)


def finish_a_job(place, ann, url):
    """Returns the webhook, after a job of which it has to be told."""
    webhook = ann.post("/v1/webhooks", json={"url": url}).json()
    job = submit(ann, [upload(ann)], webhook=webhook["id"])
    assert place.work() == 1
    return webhook, job


def test_the_end_of_a_job_is_told_and_the_secret_proves_it(place, ann, receiver):
    webhook, job = finish_a_job(place, ann, f"http://127.0.0.1:{receiver.port}/hook?a=1")
    assert deliver_due(place.store, HERE) == 1
    [(path, headers, body)] = receiver.got
    assert path == "/hook?a=1"
    told = json.loads(body)
    assert (told["data"]["job"], told["data"]["counts"]) == (job, {"done": 1})
    now_s = int(headers["webhook-timestamp"])
    assert is_genuine(webhook["secret"], headers, body, now_s=now_s + 10)
    assert not is_genuine("another", headers, body, now_s=now_s)
    assert not is_genuine(webhook["secret"], headers, body + b" ", now_s=now_s)
    assert not is_genuine(webhook["secret"], headers, body, now_s=now_s + 3600)
    forged = headers | {"webhook-timestamp": str(now_s + 1)}
    assert not is_genuine(webhook["secret"], forged, body, now_s=now_s)


def test_the_signature_is_what_the_standard_says():
    signed = hmac.new(b"secret", b"id.17.body", hashlib.sha256).digest()
    assert sign("secret", "id", 17, b"body") == "v1," + base64.b64encode(signed).decode()


def test_what_is_connected_to_is_what_was_checked(place, ann, receiver, monkeypatch):
    """A name is looked up once: a second answer could be another one."""
    look_up, looked_up = socket.getaddrinfo, []

    def changing(host, *rest, **options):
        if host == "hooks.example":
            looked_up.append(host)
            host = "127.0.0.1"
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    finish_a_job(place, ann, f"http://hooks.example:{receiver.port}/")
    looked_up.clear()
    assert deliver_due(place.store, HERE) == 1
    assert looked_up == ["hooks.example"]
    [(_, headers, _)] = receiver.got
    assert headers["host"] == f"hooks.example:{receiver.port}"


def test_a_receiver_that_never_ends_is_cut_off(place, ann, monkeypatch):
    """Each byte comes in time; the answer never does."""
    monkeypatch.setattr(deliver, "DEADLINE_S", 1.0)
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                while not is_over.wait(0.05):
                    connection.sendall(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        finish_a_job(place, ann, f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert deliver_due(place.store, HERE) == 0
        is_over.set()
        thread.join()


INSIDE = [
    "http://127.0.0.1/", "http://localhost/", "http://10.0.0.7/", "http://192.168.1.1/",
    "http://172.16.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]/",
    "http://[fd00::1]/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/", "http://100.64.0.1/",
    "http://224.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[fe80::1]/",
    "http://[2002:a00:1::]/", "http://[64:ff9b::a00:1]/",
]  # fmt: skip
WRONG = [
    "ftp://1.1.1.1/", "file:///etc/passwd", "http://", "https://user:word@1.1.1.1/",
    "http://1.1.1.1:99999/", "http://exämple.com/", "http://1.1.1.1/\r\nX: y", "http://1.1.1.1/#x",
    "http://[::1/", "http://1.1.1.1 @10.0.0.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", [*INSIDE, *WRONG])
def test_an_address_inside_or_malformed_is_refused(url):
    with pytest.raises(UsageError):
        target(url, WebhookOptions())


def test_a_host_with_one_address_inside_is_refused():
    with pytest.raises(UsageError, match="not public"):
        target("https://a.example/", WebhookOptions(), lambda host, port: ["1.1.1.1", "10.0.0.1"])
    found = target("https://a.example/x", WebhookOptions(), lambda host, port: ["1.1.1.1"])
    assert (found.address, found.port, found.path) == ("1.1.1.1", 443, "/x")


def test_a_webhook_is_registered_listed_and_removed(workplaces):
    place = workplaces()
    with place.client() as ann:
        made = ann.post("/v1/webhooks", json={"url": "https://1.1.1.1/x"}).json()
        assert len(made["secret"]) > 30
        [listed] = ann.get("/v1/webhooks").json()["webhooks"]
        assert "secret" not in listed
        assert ann.delete(f"/v1/webhooks/{made['id']}").status_code == 204
        assert ann.get("/v1/webhooks").json()["webhooks"] == []
        inside = ann.post("/v1/webhooks", json={"url": "http://169.254.169.254/"})
        refusal(inside, 422, "usage")
        unknown = ann.post("/v1/webhooks", json={"url": "https://nowhere.invalid/"})
        refusal(unknown, 422, "usage")
        stranger = {"documents": [upload(ann)], "webhook": made["id"]}
        refusal(ann.post("/v1/jobs", json=stranger), 404, "not_found")
