"""Webhooks on their way out: signed, to checked addresses only, tried again with patience."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import ssl
import threading
import time

from docai import __version__
from docai.errors import UsageError
from docai.store import webhooks
from docai.store.database import Store
from docai.store.webhooks import Delivery
from docai.webhooks import ID, SIGNATURE, TIMESTAMP, Target, WebhookOptions, sign, target

log = logging.getLogger("docai.webhooks")

TIMEOUT_S = 10.0  # of one step
DEADLINE_S = 30.0  # of one try: a byte now and then would keep each step within its time
AT_ONCE = 20  # taken in one go; each gets its whole timeout before it is somebody else's turn
PAUSES_S = (5, 30, 300, 1800, 7200, 28_800)  # before the second try, the third, …


def deliver_due(store: Store, options: WebhookOptions) -> int:
    """Tries everything that is due once; returns how many were delivered."""
    due = webhooks.take_due(store, most=AT_ONCE, lease_s=2 * AT_ONCE * DEADLINE_S)
    return sum(_deliver(store, each, options) for each in due)


def _deliver(store: Store, delivery: Delivery, options: WebhookOptions) -> bool:
    status = None
    try:
        status = post(target(delivery.url, options), delivery)
        if 200 <= status < 300:
            webhooks.delivered(store, delivery.id, status)
            return True
        error = f"the receiver answered {status}"
    except UsageError as refused:  # the host leads to another address than when it was added
        error = str(refused)
    except (OSError, http.client.HTTPException) as failed:
        error = f"{type(failed).__name__}: {failed}"
    pause_s = PAUSES_S[delivery.tries] if delivery.tries < len(PAUSES_S) else None
    log.warning("webhook %s, try %d: %s", delivery.id, delivery.tries + 1, error)
    webhooks.not_delivered(store, delivery.id, error, status, again_in_s=pause_s)
    return False


def post(to: Target, delivery: Delivery) -> int:
    """The status of the answer; redirects are not followed. Raises OSError, HTTPException."""
    event = {"type": delivery.event, "timestamp": f"{delivery.created_at:%Y-%m-%dT%H:%M:%SZ}"}
    body = json.dumps({**event, "data": delivery.payload}).encode()
    now_s = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"docai/{__version__}",
        ID: str(delivery.id),
        TIMESTAMP: str(now_s),
        SIGNATURE: sign(delivery.secret, str(delivery.id), now_s, body),
    }
    connection = http.client.HTTPConnection(to.host, to.port, timeout=TIMEOUT_S)
    # To the address that was checked: the name could lead elsewhere by now.
    connection.sock = socket.create_connection((to.address, to.port), TIMEOUT_S)
    line = connection.sock.dup()
    end = threading.Timer(DEADLINE_S, line.shutdown, [socket.SHUT_RDWR])
    end.start()
    try:
        if to.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=to.host)
        connection.request("POST", to.path, body, headers)
        return connection.getresponse().status
    finally:
        end.cancel()
        line.close()
        connection.close()
