"""Bulk jobs as a list that keeps itself up to date."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.client import Client, Job, Progress
from app.web import parts
from app.web.words import known, t

Json = dict[str, Any]

SHOWN = 8  # of the newest jobs

FORMS = ("csv", "xlsx", "jsonl", "parquet")

ACTS = {  # of a job's state
    "active": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
}


def show(docai: Client, *, only_open: bool) -> None:
    """Jobs of more than one document; `only_open` hides those that are over and went well."""
    found = [_progress(docai, job) for job in _worth_a_look(docai.jobs(), only_open)]
    found = [job for job in found if job.documents > 1][:SHOWN]
    if not found:
        if not only_open:
            st.info(t("insights.no_jobs"))
        return
    columns = [
        {"label": t("jobs.started"), "kind": "when"},
        {"label": t("jobs.task"), "kind": "text"},
        {"label": t("jobs.progress"), "kind": "progress"},
        {"label": t("jobs.state"), "kind": "state"},
        {"label": "", "kind": "acts"},
    ]
    rows = [_row(job) for job in found]
    said = parts.listing({"columns": columns, "rows": rows, "label": t("jobs.title")}, key="jobs")
    if act := said.get("acted"):
        {
            "pause": docai.pause,
            "resume": docai.resume,
            "cancel": docai.cancel,
            "retry": docai.retry,
        }[act["act"]](act["id"])


def _worth_a_look(jobs: list[Job], only_open: bool) -> list[Job]:
    hidden = ("cancelled",) if only_open else ()
    found = [job for job in jobs if job.task != "answer" and job.state not in hidden]
    return found[: 4 * SHOWN]


def _progress(docai: Client, job: Job) -> Progress:
    """A job that is over is asked for once: this is looked at every few seconds."""
    over: dict[str, Progress] = st.session_state.setdefault("jobs_over", {})
    known_as = f"{job.id} {job.finished_at}"  # one that is tried again ends another time
    if not job.is_over or known_as not in over:
        progress = docai.progress(job.id)
        if not progress.is_over:
            return progress
        over[known_as] = progress
    return over[known_as]


def _row(job: Progress) -> Json:
    return {
        "id": str(job.id),
        "name": f"{known('task', job.task)} {when(job.created_at)}",
        "cells": [
            when(job.created_at),
            known("task", job.task),
            {"part": done(job) / max(job.documents, 1), "text": _says(job)},
            {"text": known("job_state", job.state), "tone": _tone(job)},
            _acts(job),
        ],
    }


def done(job: Progress) -> int:
    """Documents that are over, however they ended."""
    return job.documents - job.counts.get("queued", 0) - job.counts.get("running", 0)


def _failed(job: Progress) -> int:
    return job.counts.get("failed", 0) + job.counts.get("poisoned", 0)


def _says(job: Progress) -> str:
    says = [t("jobs.done", done=done(job), count=job.documents)]
    if _failed(job):
        says.append(t("jobs.failed", count=_failed(job)))
    if not job.is_over and job.eta_s is not None:
        says.append(t("jobs.eta", time=duration(job.eta_s)))
    return " · ".join(says)


def _tone(job: Progress) -> str:
    if job.state == "finished":
        return "bad" if _failed(job) else "good"
    return "busy" if job.state == "active" else "wanted"


def _acts(job: Progress) -> list[Json]:
    names = list(ACTS.get(job.state, ()))
    if _failed(job):
        names.append("retry")
    acts: list[Json] = [{"act": name, "text": t(f"jobs.{name}")} for name in names]
    if job.counts.get("done"):
        for form in FORMS:
            href = f"./docai/jobs/{job.id}/results?format={form}"
            acts.append({"act": form, "text": form.upper(), "href": href})
        pdfs = f"./docai/jobs/{job.id}/searchable.zip"
        acts.append({"act": "searchable", "text": t("jobs.searchable"), "href": pdfs})
    return acts


def when(moment: str) -> str:
    """A moment in ISO 8601, to the minute."""
    return moment[:16].replace("T", " ")


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return (
        t("jobs.minutes", minutes=minutes, seconds=rest)
        if minutes
        else t("jobs.seconds", seconds=rest)
    )
