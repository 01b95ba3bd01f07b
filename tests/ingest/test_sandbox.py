"""The parser process misbehaves in every way it can; the caller gets an error and goes on."""

import os
import subprocess
import sys
import time

import pytest

from docai.errors import InputError, ParserCrashed, ParserMemory, ParserTimeout
from docai.ingest.limits import Limits
from docai.ingest.sandbox import Sandbox

ANSWER = "import sys, struct; sys.stdin.buffer.read(1); "


@pytest.fixture
def sandbox():
    started = []

    def start(program: str, **limits: int) -> Sandbox:
        file = os.open(os.devnull, os.O_RDONLY)
        started.append((Sandbox(file, Limits(**limits), [sys.executable, "-c", program]), file))
        return started[-1][0]

    yield start
    for one, file in started:
        one.close()
        os.close(file)


def answering(json: str) -> str:
    return (
        ANSWER + f"text = {json.encode()!r}; "
        "sys.stdout.buffer.write(struct.pack('>II', len(text), 0) + text); sys.stdout.flush()"
    )


def test_an_answer_comes_back(sandbox):
    message, blob = sandbox(answering('{"pages": 3}')).call({"do": "open"}, 5)
    assert (message, blob) == ({"pages": 3}, b"")


def test_a_hang_ends_at_the_deadline_and_leaves_no_process(sandbox):
    one = sandbox("import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(ParserTimeout, match=r"within 0\.3 s"):
        one.call({"do": "open"}, 0.3)
    assert time.monotonic() - started < 5
    assert not one.alive
    with pytest.raises(ProcessLookupError):
        os.kill(one.pid, 0)


def test_a_child_that_reads_nothing_cannot_block_the_caller(sandbox):
    one = sandbox("import time; time.sleep(60)")
    with pytest.raises(ParserTimeout):
        one.call({"words": "x" * 5_000_000}, 0.3)


def test_a_crash_names_the_signal(sandbox):
    with pytest.raises(ParserCrashed, match="SIGSEGV"):
        sandbox("import os; os.kill(os.getpid(), 11)").call({"do": "open"}, 5)


def test_running_out_of_memory_is_told_apart(sandbox):
    with pytest.raises(ParserMemory, match="512 MB"):
        sandbox("import sys; sys.exit(86)", memory_mb=512).call({"do": "open"}, 5)


@pytest.mark.parametrize("answer", ["[1, 2]", "{broken", "", '{"a":' + "[" * 60_000])
def test_an_answer_that_is_no_object_is_a_crash(sandbox, answer):
    with pytest.raises(ParserCrashed):
        sandbox(answering(answer)).call({"do": "open"}, 5)


def test_an_answer_larger_than_any_page_is_not_read(sandbox):
    program = ANSWER + "sys.stdout.buffer.write(struct.pack('>II', 2**32 - 1, 2**32 - 1))"
    with pytest.raises(ParserCrashed):
        sandbox(program).call({"do": "open"}, 5)


def test_the_child_reports_errors_of_our_tree_and_lives_on(sandbox):
    one = sandbox(answering('{"error": "encrypted", "message": "it needs a password"}'))
    with pytest.raises(InputError, match="password") as caught:
        one.call({"do": "open"}, 5)
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize("answer", ['{"error": [1], "message": 2}', '{"error": "x"}'])
def test_errors_that_make_no_sense_are_errors_all_the_same(sandbox, answer):
    with pytest.raises(InputError):
        sandbox(answering(answer)).call({"do": "open"}, 5)


def test_the_child_gets_no_secrets_from_the_environment(sandbox, monkeypatch):
    monkeypatch.setenv("DOCAI_PASSWORD", "opensesame")
    program = ANSWER + (
        "import os, json; text = json.dumps(dict(os.environ)).encode(); "
        "sys.stdout.buffer.write(struct.pack('>II', len(text), 0) + text)"
    )
    message, _ = sandbox(program).call({"do": "open"}, 5)
    assert "DOCAI_PASSWORD" not in message


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_the_parser_dies_with_its_caller():
    program = (
        "import os, sys, time\n"
        "from docai.ingest.limits import Limits\n"
        "from docai.ingest.sandbox import Sandbox\n"
        "one = Sandbox(os.open(os.devnull, os.O_RDONLY), Limits())\n"
        "try: one.call({'do': 'page', 'page': 1}, 10)\n"
        "except Exception: pass\n"
        "print(one.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        parser = int(caller.stdout.readline())
        caller.kill()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(parser, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the parser outlived the process that started it")
