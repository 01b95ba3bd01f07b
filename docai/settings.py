"""Where the service keeps things and how it runs: DOCAI_* variables, read by entry points only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from docai.options import option


def queue_socket(data: Path) -> Path:
    """Where the queue of `docai up` listens."""
    return data / "queue.sock"


@dataclass(frozen=True, slots=True)
class Settings:
    """Each is an environment variable: `lease_s` is DOCAI_LEASE_S."""

    data: str = option("docai-data", "folder for everything that no other setting sends elsewhere")
    database: str = option("", "SQLAlchemy URL; empty is SQLite in the data folder")
    broker: str = option("", "Celery broker URL; empty is the queue that `docai up` starts")
    files: str = option("", "fsspec URL of uploaded files; empty is a folder in the data folder")
    device: str = option("auto", "where models run: auto, cpu or cuda:N")
    claim: int = option(8, "documents that a worker process takes at a time", at_least=1)
    lease_s: float = option(60.0, "seconds without a sign of life after which work is given on")
    sweep_s: float = option(5.0, "seconds between two sweeps", at_least=0.1)
    most_deaths: int = option(3, "workers a document may kill before it is set aside", at_least=1)
    most_tries: int = option(5, "tries of a document whose engine fails", at_least=1)
    backoff_s: float = option(2.0, "seconds before the second try; each further one waits double")
    log: str = option("text", "form of log lines", choices=("text", "json"))
    retention_days: float = option(0.0, "age at which documents are deleted; 0 keeps them")

    def filled(self) -> Settings:
        """With every empty URL replaced by its place in the data folder."""
        folder = Path(self.data).resolve()
        return replace(
            self,
            data=str(folder),
            database=self.database or f"sqlite:///{folder / 'docai.sqlite'}",
            broker=self.broker or f"redis+socket://{queue_socket(folder)}",
            files=self.files or str(folder / "files"),
        )
