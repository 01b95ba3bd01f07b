from concurrent.futures import ThreadPoolExecutor

import pytest

from docai import ocr
from docai.errors import EngineMissing, UsageError
from docai.ocr import ENGINES, EngineInfo, engines, reader, weights


def test_every_engine_says_whether_it_is_there_and_how_to_get_it():
    infos = engines()
    assert [info.name for info in infos] == list(ENGINES)
    for info in infos:
        assert bool(info.version) is info.available
        assert bool(info.remedy) is not info.available


def test_the_default_engine_lists_its_weights():
    rapid = engines()[0]
    assert rapid.available
    hashes = {model.sha256 for model in rapid.models}
    assert set(weights.SHA256.values()) < hashes
    assert sum(model.bytes for model in rapid.models) > 20_000_000


def test_an_unknown_engine_is_answered_with_those_there_are():
    with pytest.raises(UsageError, match="'abbyy'; there are auto, rapidocr, paddleocr,"):
        reader("abbyy")


def test_an_unknown_profile_is_answered_with_those_there_are():
    with pytest.raises(UsageError, match="'best'; there are fast, accurate"):
        reader("rapidocr", "best")


def test_auto_is_the_first_that_is_installed():
    assert reader().name == next(info.name for info in engines() if info.available)


def test_without_any_engine_the_remedy_is_named(monkeypatch):
    absent = EngineInfo("rapidocr", False, "", "CPU", remedy="pip install rapidocr")
    monkeypatch.setattr(ocr, "engines", lambda: (absent,))
    with pytest.raises(EngineMissing, match="pip install rapidocr"):
        reader()


def test_a_thread_keeps_its_reader_and_shares_it_with_no_other():
    mine = reader("rapidocr", "fast", 1)
    assert reader("rapidocr", "fast", 1) is mine
    assert reader("rapidocr", "accurate", 1) is not mine
    with ThreadPoolExecutor(1) as pool:
        theirs = [pool.submit(reader, "rapidocr", "fast", 1).result() for _ in range(2)]
    assert theirs[0] is theirs[1]
    assert theirs[0] is not mine
