"""A model as a folder: config.json, model.safetensors, tokenizer.json, README.md, about.json.

Data only, never a pickle. A folder that does not fit its own config is refused with the
first mismatch named.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from docai.errors import ModelError, ModelMissing
from docai.models.config import ModelConfig
from docai.models.library import ABOUT, CARD, CONFIG, TOKENIZER, WEIGHTS
from docai.models.model import DocumentModel
from docai.models.packing import packed, unpacked
from docai.models.segments import SegmentConfig, SegmentModel
from docai.models.tokenizers import WordTokenizer

Model = TypeVar("Model", DocumentModel, SegmentModel)


@dataclass(frozen=True, slots=True)
class Card:
    """What a user should know before trusting a model. `data` lists (set, its terms)."""

    name: str
    version: str
    summary: str
    licence: str
    data: tuple[tuple[str, str], ...]
    measured: tuple[tuple[str, str], ...] = ()  # (what, figure with its command)
    made: tuple[tuple[str, str], ...] = ()  # (start, command, seed, time ...; what it was)
    limits: tuple[str, ...] = ()

    def markdown(self) -> str:
        lines = [f"# {self.name} {self.version}", "", self.summary, "", f"Licence: {self.licence}"]
        if self.data:
            lines += ["", "## Trained on", ""] + [f"- {name}: {terms}" for name, terms in self.data]
        if self.made:
            lines += ["", "## Made", ""] + [f"- {what}: {text}" for what, text in self.made]
        if self.measured:
            lines += ["", "## Measured", ""] + [f"- {what}: {f}" for what, f in self.measured]
        if self.limits:
            lines += ["", "## Limits", ""] + [f"- {limit}" for limit in self.limits]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded(Generic[Model]):
    model: Model
    tokenizer: WordTokenizer
    card: Card
    sha256: str  # of model.safetensors, as written when it was saved


def save(
    model: DocumentModel | SegmentModel,
    tokenizer: WordTokenizer,
    card: Card,
    models: Path,
    *,
    pack: bool = False,
) -> Path:
    """Write `models`/`card.name`, replacing an older one only once the new one is whole.

    With `pack` the matrices are rounded to 8 bits (docai.models.packing).
    """
    folder = models / card.name
    partial = models / f".{card.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(packed(state) if pack else state, partial / WEIGHTS)
    (partial / CONFIG).write_text(model.config.to_json(), "utf-8")
    tokenizer.save(partial / TOKENIZER)
    (partial / CARD).write_text(card.markdown(), "utf-8")
    about = {**asdict(card), "sha256": sha256_of(partial / WEIGHTS)}
    (partial / ABOUT).write_text(json.dumps(about, indent=1) + "\n", "utf-8")
    if folder.exists():
        old = models / f".{card.name}.old"
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old)
    else:
        partial.rename(folder)
    return folder


def load(folder: Path) -> Loaded[DocumentModel]:
    """The model in eval mode. Raises ModelMissing or ModelError."""
    config = ModelConfig.from_json(_config_of(folder))
    with without_initialising():
        model = DocumentModel(config)
    return _filled(model, folder)


def load_segments(folder: Path) -> Loaded[SegmentModel]:
    """A model that reads a page by its segments. Raises as `load` does."""
    config = SegmentConfig.from_json(_config_of(folder))
    with without_initialising():
        model = SegmentModel(config)
    return _filled(model, folder)


def _config_of(folder: Path) -> str:
    if not folder.is_dir():
        raise ModelMissing(f"no model at {folder}; `docai models list` shows what is installed")
    for name in (CONFIG, WEIGHTS, TOKENIZER, ABOUT):
        if not (folder / name).is_file():
            raise ModelError(f"the model {folder.name} has no {name}; install it again")
    return (folder / CONFIG).read_text("utf-8")


def _filled(model: Model, folder: Path) -> Loaded[Model]:
    fill(model, unpacked(read_safetensors(folder / WEIGHTS)), folder.name)
    card, sha256 = _about(folder)
    return Loaded(model.eval(), WordTokenizer.load(folder / TOKENIZER), card, sha256)


def fill(model: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Put every tensor in its place, or raise ModelError naming the first that has none."""
    wanted = model.state_dict()
    if missing := sorted(wanted.keys() - state.keys()):
        raise ModelError(f"{name}: the weights have no '{missing[0]}', which the config needs")
    if unknown := sorted(state.keys() - wanted.keys()):
        raise ModelError(f"{name}: the config has no place for the weights' '{unknown[0]}'")
    for key, tensor in state.items():
        if tensor.shape != wanted[key].shape:
            raise ModelError(
                f"{name}: '{key}' is {list(tensor.shape)} in the weights and "
                f"{list(wanted[key].shape)} by the config"
            )
    # Copied, not assigned: the file's tensors lie at odd addresses, where sums round otherwise.
    model.load_state_dict(dict(state))


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Raises ModelError where the file is cut short or is something else."""
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path.name} is damaged or no safetensors file: {error}") from error


class without_initialising(TorchFunctionMode):  # noqa: N801 - reads as a statement
    """Inside, new modules keep their memory as it comes: every weight is filled from a file.

    At base size drawing random weights takes longer than loading the real ones.
    """

    FILLS: frozenset[Callable[..., Any]] = frozenset(
        {
            Tensor.normal_,
            Tensor.uniform_,
            Tensor.zero_,
            Tensor.fill_,
            nn.init.normal_,
            nn.init.uniform_,
            nn.init.zeros_,
            nn.init.ones_,
            nn.init.kaiming_uniform_,
            nn.init.xavier_uniform_,
        }
    )

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in self.FILLS:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _about(folder: Path) -> tuple[Card, str]:
    try:
        values = json.loads((folder / ABOUT).read_text("utf-8"))
        sha256 = str(values.pop("sha256"))
        for name in ("data", "measured", "made"):
            values[name] = tuple((str(what), str(text)) for what, text in values.get(name, ()))
        values["limits"] = tuple(map(str, values.get("limits", ())))
        return Card(**values), sha256
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{ABOUT} of {folder.name} is damaged: {error}") from error
