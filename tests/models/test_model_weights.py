import collections
import json
import os
import pickle
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_pages import random_inputs, random_segments

from docai.errors import ModelError, ModelMissing
from docai.models.config import Attention, HeadKind
from docai.models.convert import import_checkpoint, read_checkpoint
from docai.models.library import installed, report
from docai.models.model import DocumentModel
from docai.models.starts import start_from_bert
from docai.models.tokenizers import from_wordpiece
from docai.models.unpickle import read_pdparams, read_torch
from docai.models.weights import Card, load, save

PARITY = Path(__file__).parents[1] / "data" / "parity"
CARD = Card("tiny", "1.2", "For tests.", "Apache-2.0", (("made-up pages", "free"),))


@pytest.fixture
def tokenizer(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ntotal\n")
    return from_wordpiece(path, lowercase=True)


@pytest.fixture
def folder(tiny_model, tokenizer, tmp_path):
    return save(tiny_model, tokenizer, CARD, tmp_path / "models")


def test_saved_and_loaded_is_the_same_model(folder, tiny_model):
    loaded = load(folder)
    batch, segments = random_inputs(padded=2), random_segments()
    with torch.no_grad():
        before = tiny_model(batch, segments=segments)
        after = loaded.model(batch, segments=segments)
    assert before.keys() == after.keys()
    for name in before:
        assert torch.equal(before[name], after[name]), name
    assert loaded.card == CARD
    assert loaded.tokenizer.pieces(["Total"]).ids == [5]
    assert all(weight.requires_grad for weight in loaded.model.parameters())


def test_the_folder_is_data_with_a_card(folder):
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "model.safetensors", "tokenizer.json", "README.md", "about.json",
    }  # fmt: skip
    assert "made-up pages: free" in (folder / "README.md").read_text()
    (found,) = installed(folder.parent)
    assert (found.name, found.version, found.fault) == ("tiny", "1.2", None)
    assert found.sha256 == load(folder).sha256
    assert list(installed(folder.parent / "nowhere")) == []
    first, second = report(folder.parent)
    assert first.startswith("tiny 1.2  ") and found.sha256[:12] in first
    assert second == "    For tests. Licence: Apache-2.0"
    (advice,) = report(folder.parent / "nowhere")
    assert "docai models fetch" in advice


def test_saving_again_replaces_the_whole_folder(folder, tiny_model, tokenizer):
    (folder / "stray").write_text("of an older version")
    save(tiny_model, tokenizer, replace(CARD, version="2"), folder.parent)
    assert load(folder).card.version == "2"
    assert not (folder / "stray").exists()
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_no_model_is_missing_and_half_a_model_is_an_error(folder):
    with pytest.raises(ModelMissing, match="docai models list"):
        load(folder.parent / "other")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        load(folder)
    (found,) = installed(folder.parent)
    assert found.fault == "tokenizer.json is missing"
    assert list(report(folder.parent)) == ["tiny: damaged: tokenizer.json is missing"]


def test_a_truncated_safetensors_is_refused(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        load(folder)


def test_a_safetensors_header_that_lies_is_refused(folder):
    header = json.dumps({"a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]}})
    lie = struct.pack("<Q", len(header)) + header.encode() + bytes(16)
    (folder / "model.safetensors").write_bytes(lie)
    with pytest.raises(ModelError, match="damaged"):
        load(folder)


def test_the_first_tensor_that_does_not_fit_is_named(folder):
    weights = folder / "model.safetensors"
    good = load_file(weights)
    name = "encoder.pooler.weight"
    for change, message in (
        ({name: torch.zeros(3, 32)}, r"'encoder\.pooler\.weight' is \[3, 32\] in the weights"),
        ({"stray": torch.zeros(1)}, "no place for the weights' 'stray'"),
    ):
        save_file({**good, **change}, weights)
        with pytest.raises(ModelError, match=message):
            load(folder)
    save_file({key: tensor for key, tensor in good.items() if key != name}, weights)
    with pytest.raises(ModelError, match=r"no 'encoder\.pooler\.weight'"):
        load(folder)


# What follows reads files of strangers.


class Bomb:
    """Unpickling this the ordinary way makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def pdparams(path, value, protocol=4):
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_of_every_kind_and_protocol_are_read(tmp_path, protocol):
    arrays = {
        "floats": np.arange(6, dtype=np.float32).reshape(2, 3),
        "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big end first": np.arange(3, dtype=">i4"),
        "one": np.array(2.5),
        "half": np.ones(2, dtype=np.float16),
    }
    names = {"StructuredToParameterName@@": {"floats": "linear_0.w_0"}}
    path = pdparams(tmp_path / "w.pdparams", collections.OrderedDict(arrays) | names, protocol)
    read = read_pdparams(path)
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name].numpy(), array)


def test_bfloat16_and_parameters_with_names_are_read(tmp_path):
    bits = torch.tensor([1.5, -2.0], dtype=torch.bfloat16).view(torch.uint16).numpy()
    named = ("linear_0.w_0", np.ones(2, dtype=np.float32))
    read = read_pdparams(pdparams(tmp_path / "w.pdparams", {"half": bits, "named": named}))
    assert read["half"].tolist() == [1.5, -2.0]
    assert read["named"].tolist() == [1.0, 1.0]


def test_code_in_a_pickle_is_not_run(tmp_path):
    made = tmp_path / "made"
    for value in ({"w": Bomb(made)}, Bomb(made), [Bomb(made)]):
        with pytest.raises(ModelError, match=r"asks for 'posix\.mkdir'"):
            read_pdparams(pdparams(tmp_path / "w.pdparams", value))
    assert not made.exists()
    pickle.loads(pickle.dumps(Bomb(made)))  # the test's own check: the bomb is live
    assert made.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cos\nsystem\n(S'echo'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\nK\x00tR.",
        b"cbuiltins\ngetattr\n(cnumpy\nndarray\nS'tofile'\ntR.",
        b"\x80\x04\x96\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"cnumpy\ndtype\n(S'O8'\ntR.",
        b"\x80\x02Pid\n.",
        b"\x80\x04",
        b"",
    ],
    ids=["system", "eval", "nested", "getattr", "huge", "objects", "outside", "cut", "empty"],
)
def test_hostile_pickles_are_refused(tmp_path, program):
    path = tmp_path / "w.pdparams"
    path.write_bytes(program)
    with pytest.raises(ModelError):
        read_pdparams(path)


def test_arrays_of_objects_and_lying_shapes_are_refused(tmp_path):
    with pytest.raises(ModelError, match="array of numbers"):
        read_pdparams(pdparams(tmp_path / "w.pdparams", {"w": np.array([{}, "x"], dtype=object)}))
    honest = pickle.dumps({"w": np.zeros(300, dtype=np.float32)}, protocol=4)
    lie = honest.replace(struct.pack("<H", 300), struct.pack("<H", 65000))
    assert lie != honest
    (tmp_path / "w.pdparams").write_bytes(lie)
    with pytest.raises(ModelError, match=r"says it is \(65000,\)"):
        read_pdparams(tmp_path / "w.pdparams")
    with pytest.raises(ModelError, match="'w' is a str"):
        read_pdparams(pdparams(tmp_path / "w.pdparams", {"w": "text"}))


def test_a_pytorch_file_with_code_in_it_is_not_run(tmp_path):
    path, made = tmp_path / "w.bin", tmp_path / "made"
    torch.save({"w": Bomb(made)}, path)
    with pytest.raises(ModelError, match="plain PyTorch state dict"):
        read_torch(path)
    assert not made.exists()


def test_a_zip_bomb_is_refused_unopened(tmp_path):
    path = tmp_path / "w.bin"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelError, match="compressed zip"):
        read_torch(path)
    path.write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(ModelError, match="not a PyTorch checkpoint"):
        read_torch(path)


def test_a_path_that_is_no_checkpoint_says_so(tmp_path):
    with pytest.raises(ModelError, match="not there"):
        read_checkpoint(tmp_path)
    (tmp_path / "w.gguf").write_bytes(b"")
    with pytest.raises(ModelError, match=r"'\.gguf' is none of"):
        read_checkpoint(tmp_path / "w.gguf")


@pytest.fixture
def paddle_checkpoint(tmp_path):
    """The reference's question answering checkpoint as PaddlePaddle writes it."""
    from test_model_tokenizers import PIECES, sentencepiece

    state = {}
    with np.load(PARITY / "weights.npz") as arrays:
        for name in arrays:
            owner, _, weight = name.rpartition("/")
            if owner in ("", "question_answering"):
                state[weight] = arrays[name]
    names = {name: f"linear_{i}" for i, name in enumerate(state)}
    path = pdparams(
        tmp_path / "model_state.pdparams", {**state, "StructuredToParameterName@@": names}
    )
    config = json.loads((PARITY / "meta.json").read_text())["config"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "sentencepiece.bpe.model").write_bytes(sentencepiece(PIECES))
    return path


def test_a_paddle_checkpoint_is_imported_with_its_head_and_tokenizer(paddle_checkpoint, tmp_path):
    folder = import_checkpoint(paddle_checkpoint, into=tmp_path / "models", name="layoutx")
    loaded = load(folder)
    assert loaded.model.config.attention == Attention.BIAS
    assert loaded.model.config.task_heads["answer"].kind == HeadKind.ANSWER
    assert loaded.tokenizer.cls == 0
    with np.load(PARITY / "weights.npz") as arrays:
        query = arrays["ernie_layout.encoder.layer.0.attention.self.query.weight"]
        head = arrays["question_answering/qa_outputs.weight"]
    ours = loaded.model.encoder.layers[0].attention.query_key_value.weight[:48]
    np.testing.assert_array_equal(ours.detach().numpy(), query.T)
    np.testing.assert_array_equal(
        loaded.model.task_heads["answer"].span.weight.detach().numpy(), head.T
    )


def test_an_import_without_its_config_or_flags_is_refused(paddle_checkpoint, tmp_path):
    config = tmp_path / "config.json"
    values = json.loads(config.read_text())
    del values["has_spatial_attention_bias"]
    config.write_text(json.dumps(values))
    with pytest.raises(ModelError, match="has_spatial_attention_bias"):
        import_checkpoint(paddle_checkpoint, into=tmp_path / "models", name="layoutx")
    config.unlink()
    with pytest.raises(ModelError, match=r"no config\.json or model_config\.json beside"):
        import_checkpoint(paddle_checkpoint, into=tmp_path / "models", name="layoutx")
    assert not (tmp_path / "models").exists()


def test_a_text_encoder_is_a_start(tiny_config):
    """A BERT's words and layers are taken, what it does not have stays fresh."""
    config = replace(tiny_config, coarse=None, pretraining=False, task_heads={})
    donor, model = DocumentModel(config).encoder, DocumentModel(config).encoder
    state = {
        f"embeddings.{name}.weight": table
        for name, table in (
            ("word_embeddings", donor.embeddings.word.weight),
            ("position_embeddings", donor.embeddings.position.weight[:20]),
            ("token_type_embeddings", donor.embeddings.token_type.weight[:2]),
        )
    }
    parts = {"embeddings.LayerNorm": donor.embeddings.norm}
    for i, layer in enumerate(donor.layers):
        prefix = f"encoder.layer.{i}"
        joined = layer.attention.query_key_value
        for at, name in enumerate(("query", "key", "value")):
            rows = slice(32 * at, 32 * at + 32)
            state[f"{prefix}.attention.self.{name}.weight"] = joined.weight[rows]
            state[f"{prefix}.attention.self.{name}.bias"] = joined.bias[rows]
        parts[f"{prefix}.attention.output.dense"] = layer.attention.out
        parts[f"{prefix}.attention.output.LayerNorm"] = layer.attention_norm
        parts[f"{prefix}.intermediate.dense"] = layer.widen
        parts[f"{prefix}.output.dense"] = layer.narrow
        parts[f"{prefix}.output.LayerNorm"] = layer.norm
    for prefix, part in parts.items():
        state |= {f"{prefix}.{name}": weight for name, weight in part.state_dict().items()}
    fresh = model.embeddings.position.weight[20:].clone()
    start_from_bert(model, state)
    assert torch.equal(model.embeddings.position.weight[20:], fresh)
    for place in (*model.embeddings.layout.parameters(), *model.relations.parameters()):
        assert not place.any()
    assert torch.equal(model.embeddings.position.weight[:20], donor.embeddings.position.weight[:20])
    for ours, theirs in zip(model.layers.parameters(), donor.layers.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    del state["encoder.layer.1.output.dense.bias"]
    with pytest.raises(ModelError, match=r"no 'encoder\.layer\.1\.output\.dense\.bias'"):
        start_from_bert(model, state)


def test_a_card_says_how_the_model_was_made_and_what_it_cannot_do(tiny_model, tokenizer, tmp_path):
    card = replace(CARD, made=(("seed", "7"),), limits=("English alone",))
    folder = save(tiny_model, tokenizer, card, tmp_path)
    assert load(folder).card == card
    text = (folder / "README.md").read_text("utf-8")
    assert "## Made\n\n- seed: 7\n" in text and "## Limits\n\n- English alone\n" in text


def test_packed_weights_are_smaller_and_nearly_the_same(tiny_model, tokenizer, tmp_path):
    small = save(tiny_model, tokenizer, CARD, tmp_path, pack=True)
    stored = load_file(small / "model.safetensors")
    matrices = {name for name, tensor in tiny_model.state_dict().items() if tensor.ndim == 2}
    assert {name for name, tensor in stored.items() if tensor.dtype == torch.int8} == matrices
    for name, tensor in load(small).model.state_dict().items():
        true = tiny_model.state_dict()[name]
        step = true.abs().amax(-1, keepdim=True) / 127 if true.ndim == 2 else torch.zeros(())
        assert ((tensor - true).abs() <= step * 0.501 + 1e-9).all(), name
