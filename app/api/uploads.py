"""Files that arrive; the gate counted their bytes, and here the content is looked at."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from starlette.datastructures import UploadFile

from app.api.service import Service
from docai.errors import LimitExceeded
from docai.store import documents
from docai.store.documents import StoredDocument

LONGEST_NAME = 200
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def store_upload(service: Service, owner: str, file: UploadFile) -> tuple[StoredDocument, bool]:
    """The document, and whether it is new. Raises InputError for what docai does not read."""
    name = filename(file.filename or "")
    limits = service.limits
    if file.size is not None and file.size > limits.max_bytes:
        raise LimitExceeded(f"{name} is larger than {limits.max_mb} MB (DOCAI_MAX_MB)")
    return documents.add(service.store, owner, name, file.file)


def filename(given: str) -> str:
    """The last part of the name that a caller gave, fit for a list and for a log line."""
    last = PurePosixPath(given.replace("\\", "/")).name
    return UNPRINTABLE.sub("", last)[:LONGEST_NAME] or "document"
