"""How the API is served: DOCAI_* variables, beside those of docai.settings."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from docai.errors import UsageError
from docai.options import option
from docai.settings import Settings

# What sample files and tutorials write where a password belongs.
SAMPLE_SECRETS = frozenset({"change-me", "changeme", "secret", "password", "postgres", "docai"})


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Each is an environment variable: `rate_per_minute` is DOCAI_RATE_PER_MINUTE."""

    host: str = option("127.0.0.1", "address the API listens on")
    port: int = option(8000, "port the API listens on", at_most=65535)
    rate_per_minute: int = option(1200, "calls of one key in a minute", at_least=1)
    max_batch_mb: int = option(1024, "largest upload of several files in one call", at_least=1)
    pictures: int = option(2, "page pictures drawn at the same time", at_least=1)
    cors_origins: str = option("", "origins of web pages that may call, separated by commas")
    root_path: str = option("", "path under which a proxy shows the API")


def refuse_samples(settings: Settings) -> None:
    """Raises UsageError where a password is one that everybody knows."""
    for name in ("database", "broker"):
        password = urlsplit(getattr(settings, name)).password
        if password is not None and password.lower() in SAMPLE_SECRETS:
            raise UsageError(
                f"DOCAI_{name.upper()} holds a sample password; choose one of your own, for"
                " example with `openssl rand -hex 24`"
            )
