"""`python -m app.web`: serves the web app as DOCAI_WEB_HOST and DOCAI_WEB_PORT say."""

from __future__ import annotations

import sys
from pathlib import Path

from docai.errors import DocaiError

MISSING = "the web app is not installed: pip install 'docai[web]'"

LIGHT = {
    "primaryColor": "#1f5fbf",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f3f5f7",
    "textColor": "#1b232c",
    "borderColor": "#d9dee4",
}
DARK = {
    "primaryColor": "#7fb0f5",
    "backgroundColor": "#15191e",
    "secondaryBackgroundColor": "#1e242b",
    "textColor": "#e4e8ed",
    "borderColor": "#39424d",
}


def main() -> None:
    try:
        import streamlit
        from starlette.middleware import Middleware
        from streamlit.runtime import app_session
    except ImportError:
        raise SystemExit(f"web: {MISSING}") from None
    from app.web.left_pages import Runner
    from app.web.routes import ROUTES, Guard
    from app.web.visitors import visitors

    try:
        settings = visitors().settings
    except DocaiError as error:
        sys.exit(f"web: {error}")
    vars(app_session)["ScriptRunner"] = Runner
    script = Path(__file__).with_name("main.py")
    app = streamlit.App(script, routes=ROUTES, middleware=[Middleware(Guard)])
    app.run(config=_config(settings.web_host, settings.web_port))


def _config(host: str, port: int) -> dict[str, object]:
    themes = {"light": LIGHT, "dark": DARK}
    colours = {f"theme.{t}.{n}": value for t, named in themes.items() for n, value in named.items()}
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,  # opens no browser and asks for no e-mail address
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        # Guard is stricter than these two, which would ask the network for this machine's address.
        "server.enableCORS": False,
        "server.enableXsrfProtection": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
        "theme.baseRadius": "small",
        "theme.baseFontSize": 14,
        **colours,
    }


if __name__ == "__main__":
    main()
