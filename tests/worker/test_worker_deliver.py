"""Deliveries to a real receiver on this machine."""

import io
import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from service import INVOICE, Service

from docai.errors import BrokenDocument
from docai.jobs import Lane
from docai.store import claims, documents, jobs, webhooks
from docai.webhooks import WebhookOptions, is_genuine
from worker.deliver import PAUSES_S, deliver_due

LOCAL = WebhookOptions(webhook_networks="127.0.0.0/8")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.answers.pop(0))
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.received, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path):
    service = Service(tmp_path / "data")
    yield service.store
    service.close()


def finished_job(store, url):
    """A job of one broken document, whose end is to be told to the URL."""
    hook = webhooks.add(store, "ann", url)
    document, _ = documents.add(store, "ann", "a.pdf", io.BytesIO(b"%PDF-1.4"))
    job, _ = jobs.submit(store, "ann", INVOICE, [document.id], webhook_id=hook.id)
    (claim,) = claims.claim(store, "w", (Lane.CPU,), most=1, lease_s=60)
    claims.fail(store, claim, BrokenDocument("cut off"), most_tries=1, backoff_s=1)
    return hook, job


def test_the_end_of_a_job_is_told_once_and_signed(store, receiver):
    receiver.answers = [204]
    hook, job = finished_job(store, f"http://127.0.0.1:{receiver.server_port}/hook?a=1")
    assert deliver_due(store, LOCAL) == 1
    assert deliver_due(store, LOCAL) == 0
    [(headers, body)] = receiver.received
    assert is_genuine(hook.secret, headers, body, now_s=time.time())
    assert not is_genuine(hook.secret, headers, body + b" ", now_s=time.time())
    told = json.loads(body)
    assert (told["type"], told["data"]["job"]) == ("job.finished", str(job.id))
    assert told["data"]["counts"] == {"failed": 1}


@pytest.mark.parametrize("status", [500, 302])
def test_a_receiver_that_refuses_is_tried_again_and_given_up(store, receiver, status, monkeypatch):
    receiver.answers = [status] * (len(PAUSES_S) + 1)
    finished_job(store, f"http://127.0.0.1:{receiver.server_port}/")
    now = store.now()
    for pause_s in (*PAUSES_S, 10**6):
        assert deliver_due(store, LOCAL) == 0
        now += timedelta(seconds=pause_s + 60)
        monkeypatch.setattr(store, "now", lambda now=now: now)
    assert deliver_due(store, LOCAL) == 0
    assert len(receiver.received) == len(PAUSES_S) + 1
    assert not receiver.answers


def test_an_internal_address_is_never_called(store, receiver):
    finished_job(store, f"http://127.0.0.1:{receiver.server_port}/")
    assert deliver_due(store, WebhookOptions()) == 0
    assert receiver.received == []
