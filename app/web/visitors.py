"""Who looks: a browser's cookie stands for an API key, which stays in this process."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass
from functools import cache

from app.client import AsyncClient, Client
from app.web.settings import WebSettings
from docai.options import from_environment

SIGNED_OUT = "out"  # the cookie of a browser that does not want the key of this machine
MOST_SESSIONS = 10_000  # the oldest is signed out


@dataclass(frozen=True, slots=True)
class Visitor:
    """A key, and the clients that use it: one for pages, one for the routes beside them."""

    key: str
    docai: Client
    stream: AsyncClient


class Visitors:
    def __init__(self, settings: WebSettings) -> None:
        self.settings = settings
        self.cookie = f"docai_{settings.web_port}"  # cookies do not tell ports apart
        self._by_key: dict[str, Visitor] = {}
        self._sessions: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, cookie: str | None) -> Visitor | None:
        """None where somebody has to sign in first."""
        if cookie is None and self.settings.open_key:
            return self._visitor(self.settings.open_key)
        key = self._sessions.get(cookie or "")
        if key is not None:
            return self._visitor(key)
        has_lost_its_session = cookie not in (None, SIGNED_OUT)
        if has_lost_its_session and self.settings.open_key:  # this process was started again
            return self._visitor(self.settings.open_key)
        return None

    def sign_in(self, key: str) -> str:
        """The cookie of a new session. Raises ApiError where the key opens nothing."""
        self._visitor(key).docai.find_documents(limit=1)
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._sessions) >= MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            self._sessions[cookie] = key
        return cookie

    def sign_out(self, cookie: str | None) -> None:
        with self._lock:
            self._sessions.pop(cookie or "", None)

    def _visitor(self, key: str) -> Visitor:
        with self._lock:
            if key not in self._by_key:
                api = self.settings.web_api
                self._by_key[key] = Visitor(key, Client(api, key), AsyncClient(api, key))
            return self._by_key[key]


@cache
def visitors() -> Visitors:
    """Of this process: the routes and every page ask the same ones."""
    return Visitors(from_environment(WebSettings, os.environ))
