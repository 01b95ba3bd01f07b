"""Log lines for people, or as JSON for machines. They name ids, never a document's content."""

from __future__ import annotations

import json
import logging

IDS = ("request", "owner", "job", "document")  # given as `extra`, kept in the JSON

log = logging.getLogger("docai")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname}
        line |= {name: str(record.__dict__[name]) for name in IDS if name in record.__dict__}
        line["message"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up_logging(level: int = logging.INFO, *, as_json: bool, prefix: str = "docai: ") -> None:
    """Everything under the logger "docai" goes to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter(prefix + "%(message)s"))
    log.handlers = [handler]
    log.propagate = False
    log.setLevel(level)
