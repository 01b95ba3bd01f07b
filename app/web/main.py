"""What Streamlit runs for every look at a page."""

from __future__ import annotations

from pathlib import Path

import httpx
import streamlit as st

from app.client import ApiError
from app.web import parts, session
from app.web.views import ask, document, inbox, insights, review, settings, tables
from app.web.words import plain, t

HERE = Path(__file__).parent
STYLE = (HERE / "style.css").read_text("utf-8")


def main() -> None:
    st.set_page_config(page_title="docai", page_icon=str(HERE / "icon.png"), layout="wide")
    st.html(f"<style>{STYLE}</style>")
    pages = [
        st.Page(inbox.show, title=t("nav.inbox"), url_path="inbox", default=True),
        st.Page(review.show, title=t("nav.review"), url_path="review"),
        st.Page(ask.show, title=t("nav.ask"), url_path="ask"),
        st.Page(tables.show, title=t("nav.tables"), url_path="tables"),
        st.Page(insights.show, title=t("nav.insights"), url_path="insights"),
        st.Page(settings.show, title=t("nav.settings"), url_path="settings"),
        st.Page(document.show, title=t("nav.document"), url_path="document", visibility="hidden"),
    ]
    page = st.navigation(pages, position="top")
    if session.visitor() is None:
        st.title(t("signin.title"))
        st.text(t("signin.how"))
        parts.sign_in()
        return
    session.remember(ask=pages[2], document=pages[-1])
    try:
        page.run()
    except ApiError as error:
        st.error(plain(session.in_words(error.code, error.detail)))
    except httpx.TransportError:
        st.error(t("error.unreachable"))


main()
