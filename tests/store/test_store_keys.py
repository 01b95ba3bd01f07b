from datetime import timedelta

import pytest
from sqlalchemy import text

from docai.errors import NotFound
from docai.store import keys
from docai.store.keys import Scope


def test_a_key_is_shown_once_and_found_by_its_text(store):
    made, secret = keys.make(store, "ann", "laptop", [Scope.READ, Scope.WRITE])
    found = keys.find(store, secret)
    assert found is not None
    assert (found.owner, found.scopes) == ("ann", {Scope.READ, Scope.WRITE})
    with store.reading() as session:
        row = session.execute(text("SELECT * FROM api_keys")).one()
    assert secret.split("_", 2)[2] not in str(row)
    assert made.prefix in secret


@pytest.mark.parametrize(
    "wrong", ["", "docai_", "docai_0_0", "Bearer x", "{made}x", "docai_{prefix}_x"]
)
def test_other_texts_are_no_keys(store, wrong):
    made, secret = keys.make(store, "ann", "laptop", [Scope.READ])
    assert keys.find(store, wrong.format(made=secret, prefix=made.prefix)) is None


def test_revoked_and_expired_keys_open_nothing(store, clock):
    revoked, first = keys.make(store, "ann", "a", [Scope.READ])
    _, second = keys.make(store, "ann", "b", [Scope.READ], expires_at=clock() + timedelta(hours=1))
    keys.revoke(store, revoked.id)
    assert keys.find(store, first) is None
    assert keys.find(store, second) is not None
    clock.advance(3600)
    assert keys.find(store, second) is None
    with pytest.raises(NotFound):
        keys.revoke(store, revoked.id, owner="bob")
    assert [key.name for key in keys.several(store, "ann")] == ["a", "b"]
    assert keys.several(store, "bob") == []


def test_when_a_key_was_used_is_noted_now_and_then(store, clock):
    _, secret = keys.make(store, "ann", "a", [Scope.READ])
    start = clock()
    for _ in range(3):
        keys.find(store, secret)
        clock.advance(25)
    assert keys.several(store)[0].used_at == start
    keys.find(store, secret)
    assert keys.several(store)[0].used_at == start + timedelta(seconds=75)
