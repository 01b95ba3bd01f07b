"""Webhooks, the part that both ends share: signatures, and addresses that may be called.

The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over
`ID.TIMESTAMP.BODY`, in base64, behind "v1,".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from docai.errors import UsageError
from docai.options import option

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300  # a delivery that is older may be one that somebody recorded
LONGEST_URL = 2000
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
PORTS = {"http": 80, "https": 443}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    webhook_networks: str = option(
        "", "private networks that webhooks may reach, such as 10.1.0.0/16, separated by commas"
    )

    @property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Raises UsageError."""
        texts = [text.strip() for text in self.webhook_networks.split(",") if text.strip()]
        try:
            return tuple(map(ipaddress.ip_network, texts))
        except ValueError as error:
            raise UsageError(f"DOCAI_WEBHOOK_NETWORKS: {error}") from error


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delivery goes: `address` was checked, so it is what has to be connected to."""

    scheme: str
    host: str
    port: int
    path: str  # with its query
    address: str

    @property
    def netloc(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def sign(secret: str, id: str, timestamp_s: int, body: bytes) -> str:
    """The value of the header webhook-signature."""
    signed = b".".join([id.encode(), str(timestamp_s).encode(), body])
    digest = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def is_genuine(secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float) -> bool:
    """Whether a delivery was sent by who knows the secret, and lately; for receivers.

    Names of headers are taken in lower case.
    """
    id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not timestamp.isdecimal() or abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False
    wanted = sign(secret, id, int(timestamp), body).encode()
    given = headers.get(SIGNATURE, "").split()
    return any(hmac.compare_digest(wanted, one.encode()) for one in given)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


def target(url: str, options: WebhookOptions, resolver: Resolver = resolve) -> Target:
    """Where the URL leads, looked up once.

    Every address of the host has to be public or in the allowed networks: one that is looked
    up again later may be another. Raises UsageError for a URL that may not be called, OSError
    where the host is not known.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise UsageError(f"the webhook's URL is malformed: {error}") from error
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    if parts.scheme not in PORTS or not host or not is_plain:
        raise UsageError("a webhook needs an http or https URL in plain ASCII")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UsageError("a webhook's URL holds no user, no password and no fragment")
    try:
        addresses = [ipaddress.ip_address(text) for text in resolver(host, port)]
    except UnicodeError as error:  # a label that is too long
        raise UsageError(f"the webhook's host is malformed: {error}") from error
    for address in addresses:
        if not _may_be_called(address, options):
            raise UsageError(
                f"{host} is {address}, which is not public; DOCAI_WEBHOOK_NETWORKS would allow it"
            )
    if not addresses:
        raise OSError(f"{host} has no address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, str(addresses[0]))


def _may_be_called(address: Address, options: WebhookOptions) -> bool:
    address = _inner(address)
    if any(address in network for network in options.networks):
        return True
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does: mapped, 6to4 or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
