import threading

import pytest
from sqlalchemy import text


def test_a_connection_that_is_in_use_when_the_store_closes_closes_as_it_ends(store):
    inside, go_on, used = threading.Event(), threading.Event(), []

    def look() -> None:
        with store.reading() as session:
            used.append(session.connection().connection.dbapi_connection)
            inside.set()
            go_on.wait(timeout=60)
            assert session.scalar(text("SELECT 17")) == 17

    thread = threading.Thread(target=look)
    thread.start()
    assert inside.wait(timeout=60)
    store.close()
    go_on.set()
    thread.join()
    with pytest.raises(Exception, match="closed"):
        used[0].execute("SELECT 17")
