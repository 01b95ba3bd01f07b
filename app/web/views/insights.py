"""Pictures of the work: how much, how sure, how right, and where the time goes. And exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.client import Insights
from app.web import jobs
from app.web.session import docai
from app.web.words import known, t

Json = dict[str, Any]

SPANS = (7, 30, 90, 365)  # days
MOST_FIELDS = 12  # bars that one can still read
HEIGHT = 230


def show() -> None:
    client = docai()
    days = st.segmented_control(
        t("insights.span"),
        SPANS,
        format_func=lambda days: t("insights.days", days=days),
        default=30,
        required=True,
        label_visibility="collapsed",
    )
    told = client.insights(days or 30)
    if not told.documents and not told.failed:
        st.info(t("insights.empty"))
        return
    _figures(told)
    left, right = st.columns(2)
    with left:
        _chart("insights.per_day", _days(told), stack=False)
        _chart("insights.confidences", _confidences(told))
    with right:
        _chart("insights.corrected", _corrected(told), "insights.no_corrections", horizontal=True)
        _chart("insights.stages", _stages(told), horizontal=True)
        _chart("insights.right", _right(told), "insights.no_reviews")
    st.header(t("insights.exports"))
    jobs.show(client, only_open=False)


def _figures(told: Insights) -> None:
    figures = (
        ("documents", f"{told.documents:,}"),
        ("pages", f"{told.pages:,}"),
        ("failed", f"{told.failed:,}"),
        ("reviewed", f"{told.reviewed:,}"),
        ("accuracy", "–" if told.accuracy is None else f"{told.accuracy:.1%}"),
        ("wait", "–" if told.mean_wait_s is None else jobs.duration(told.mean_wait_s)),
    )
    for column, (name, value) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(t(f"insights.{name}"), value)


def _chart(
    title: str,
    frame: pd.DataFrame,
    when_empty: str = "insights.empty",
    **options: Any,
) -> None:
    st.header(t(title))
    if frame.empty:
        st.info(t(when_empty))
    else:
        st.bar_chart(frame, height=HEIGHT, sort=False, **options)


def _days(told: Insights) -> pd.DataFrame:
    return _frame(
        [day["day"] for day in told.days],
        {
            t("insights.documents"): [day["documents"] for day in told.days],
            t("insights.pages"): [day["pages"] for day in told.days],
        },
    )


def _confidences(told: Insights) -> pd.DataFrame:
    bins = told.confidences
    return _frame(
        [_bin(each) for each in bins], {t("insights.values"): [b["values"] for b in bins]}
    )


def _right(told: Insights) -> pd.DataFrame:
    """What was right of the reviewed values in each bin of confidence, in per cent."""
    bins = [each for each in told.confidences if each["reviewed"]]
    shares = [100 * each["right"] / each["reviewed"] for each in bins]
    return _frame([_bin(each) for each in bins], {t("insights.percent_right"): shares})


def _corrected(told: Insights) -> pd.DataFrame:
    most = sorted(told.fields, key=lambda field: -field["corrected"])[:MOST_FIELDS]
    most = [field for field in most if field["corrected"]]
    names = [known("field", field["name"]) for field in most]
    return _frame(names, {t("insights.times"): [field["corrected"] for field in most]})


def _stages(told: Insights) -> pd.DataFrame:
    stages = [stage for stage in told.stages if stage["seconds"]]
    names = [known("stage", stage["stage"]) for stage in stages]
    return _frame(names, {t("insights.seconds"): [stage["seconds"] for stage in stages]})


def _bin(each: Json) -> str:
    return f"{each['low']:.0%}"


def _frame(names: Sequence[str], columns: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=list(names))
