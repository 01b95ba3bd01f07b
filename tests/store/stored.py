"""Short words for what tests of the store do over and over."""

import io

import documents as example

from docai import serialize
from docai.jobs import Lane, Priority, Request
from docai.store import claims, documents, jobs

INVOICE = Request("invoice")


def upload(store, name="tea.pdf", owner="ann", content=None):
    content = content or f"%PDF-1.4 {name}".encode()
    return documents.add(store, owner, name, io.BytesIO(content))[0]


def submit(store, count=1, owner="ann", name="doc", priority=Priority.BULK, request=INVOICE):
    """A job of `count` new documents."""
    ids = [upload(store, f"{name}{i}.pdf", owner).id for i in range(count)]
    return jobs.submit(store, owner, request, ids, priority=priority)[0]


def take(store, most=1, worker="w1", lease_s=60):
    return claims.claim(store, worker, tuple(Lane), most=most, lease_s=lease_s)


def result():
    return serialize.extraction_to_json(example.extraction(), example.document())


def finish(store, claim):
    claims.finish(store, claim, result(), [(example.document().pages[0], ())], page_count=1)


def fail(store, claim, error, most_tries=3, backoff_s=2):
    return claims.fail(store, claim, error, most_tries=most_tries, backoff_s=backoff_s)


def counts(store, job, owner="ann"):
    """Only the states that occur."""
    found = jobs.progress(store, owner, job.id).counts
    return {str(state): count for state, count in found.items() if count}
