"""How the web app is served: DOCAI_* variables, read when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from docai.options import option

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Each is an environment variable: `web_port` is DOCAI_WEB_PORT."""

    web_host: str = option("127.0.0.1", "address the web app listens on")
    web_port: int = option(8501, "port the web app listens on", at_most=65535)
    web_api: str = option("http://127.0.0.1:8000", "address of the API that the web app asks")
    web_key: str = option("", "key of whoever has not signed in; only where web_host is local")

    @property
    def open_key(self) -> str:
        """The key that needs no sign-in: never for other machines."""
        return self.web_key if self.web_host in LOOPBACK else ""
