"""How long documents are kept: said by the service, and sooner by their owner."""

from __future__ import annotations

import pytest
from calls import refusal

from docai.store.keys import Scope


def said(client):
    told = client.get("/v1/retention").json()
    return told["own_days"], told["service_days"], told["days"]


def put(client, days):
    return client.put("/v1/retention", json={"days": days})


def test_nothing_is_deleted_until_somebody_says_so(ann):
    assert said(ann) == (None, 0, 0)


def test_an_owner_says_for_how_long_and_takes_it_back(ann, place):
    assert put(ann, 30).json() == {"own_days": 30, "service_days": 0, "days": 30}
    assert said(ann) == (30, 0, 30)
    with place.client("bob") as bob:
        assert said(bob) == (None, 0, 0)
    put(ann, None)
    assert said(ann) == (None, 0, 0)


def test_no_owner_keeps_documents_for_longer_than_the_service_says(ann, monkeypatch):
    put(ann, 30)
    monkeypatch.setenv("DOCAI_RETENTION_DAYS", "7")
    assert said(ann) == (30, 7, 7)


def test_only_an_admin_changes_it(place):
    with place.client("ann", Scope.READ, Scope.WRITE) as clerk:
        refusal(put(clerk, 30), 403, "forbidden")
        assert said(clerk) == (None, 0, 0)


@pytest.mark.parametrize("days", [0, -1, 1e9, "long"])
def test_what_makes_no_sense_is_refused(ann, days):
    refusal(put(ann, days), 422, "invalid_request")
