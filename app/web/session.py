"""Who looks at this page, and what is told them when something goes wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NoReturn

import httpx
import streamlit as st
from streamlit.navigation.page import Page

from app.client import ApiError, Client
from app.web.visitors import Visitor, visitors
from app.web.words import catalogue, language, plain, t


def visitor() -> Visitor | None:
    return visitors().of(st.context.cookies.get(visitors().cookie))


def remember(**pages: Page) -> None:
    """Where `leave_for` leads: a page is made anew for each run."""
    st.session_state["pages"] = pages


def leave_for(page: str, **about: str) -> NoReturn:
    """Shows another page at once, without a run of this one first."""
    st.switch_page(st.session_state["pages"][page], query_params=about)


def docai() -> Client:
    """Of whoever looks; pages are shown only to those who are signed in."""
    found = visitor()
    assert found is not None
    return found.docai


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What the service refuses within is told in passing, and the page stays as it is.

    A message in the page would push what stands below it out of its place and out of its state.
    """
    try:
        yield
    except ApiError as error:
        warn(in_words(error.code, error.detail))
    except httpx.TransportError:
        warn(t("error.unreachable"))


def warn(text: str) -> None:
    st.toast(plain(text), icon=":material/warning:", duration="long")


def in_words(code: str, detail: str) -> str:
    """What is wrong and what to do; the service's own words where we have none."""
    words = catalogue(language()).get(f"error.{code}")
    return detail if words is None else words
