"""`python -m app.api`: serves the API as DOCAI_HOST and DOCAI_PORT say."""

from __future__ import annotations

import os
import sys

import uvicorn

from app.api.main import from_environment
from app.api.settings import ApiSettings
from docai.errors import DocaiError
from docai.options import from_environment as options

IDLE_S = 75  # of a kept connection: clients and proxies close first, or a call could meet the end
GOODBYE_S = 5  # that calls under way get at a shutdown; streams of progress would never end


def main() -> None:
    try:
        settings = options(ApiSettings, os.environ)
        app = from_environment()
    except DocaiError as error:
        sys.exit(f"api: {error}")
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GOODBYE_S,
    )


if __name__ == "__main__":
    main()
