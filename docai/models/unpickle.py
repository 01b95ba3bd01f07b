"""Checkpoints of other frameworks, read without running them.

A pickle is a program: `pickle.load` on a stranger's file runs the stranger's code. The
reader here knows the handful of names that arrays are made of, builds them with classes of
its own, and refuses every other name.
"""

from __future__ import annotations

import math
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from docai.errors import ModelError

Array = NDArray[Any]

# PaddlePaddle stores these beside the weights.
NAME_TABLE = "StructuredToParameterName@@"
SPLIT_TABLE = "UnpackBigParamInfor@@"

NUMBERS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "b1"}


def read_pdparams(path: Path) -> dict[str, Tensor]:
    """A PaddlePaddle state dict. Raises ModelError for anything else, and runs none of it."""
    with path.open("rb") as file:
        value = unpickle_arrays(file, path.name)
    if not isinstance(value, dict):
        raise ModelError(f"{path.name} holds a {type(value).__name__}, not a state dict")
    if SPLIT_TABLE in value:
        raise ModelError(f"{path.name} has its large arrays split; save it again with protocol=4")
    value.pop(NAME_TABLE, None)
    return {str(name): _tensor(path.name, name, entry) for name, entry in value.items()}


def read_torch(path: Path) -> dict[str, Tensor]:
    """A PyTorch state dict (a zip with a pickle inside), by torch's own restricted reader."""
    check_zip(path)
    try:
        value = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a hostile pickle can make the reader raise anything
        raise ModelError(f"{path.name} is not a plain PyTorch state dict: {error}") from error
    if not isinstance(value, dict) or not all(isinstance(v, Tensor) for v in value.values()):
        raise ModelError(f"{path.name} is not a plain PyTorch state dict")
    return value


def check_zip(path: Path) -> None:
    """Refuse what could unfold to more than the file's own size: torch stores, never deflates."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise ModelError(f"{path.name} is not a PyTorch checkpoint: {error}") from error
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise ModelError(f"{path.name} is a compressed zip; PyTorch does not write such files")


def unpickle_arrays(file: IO[bytes], name: str) -> Any:
    """Dicts, lists, tuples, strings, numbers and numpy arrays; nothing else."""
    try:
        value = _ArrayUnpickler(file).load()
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except Exception as error:  # a hostile pickle can make the reader raise anything
        raise ModelError(f"{name} is damaged or is no pickle: {error}") from error
    return _arrays(value)


class _Dtype:
    """Stands for numpy.dtype(code) until its byte order has been set."""

    __slots__ = ("name",)

    def __init__(self, code: str, *_: object) -> None:
        if code not in NUMBERS:
            raise ModelError(f"an array of '{code}' is not an array of numbers")
        self.name = f"<{code}"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order = state[1]
        if order not in ("<", ">", "|", "="):
            raise ModelError(f"'{order}' is not a byte order")
        self.name = order + self.name[1:]


class _Array:
    """Stands for a numpy array while it is read: shape, type and bytes come in its state."""

    __slots__ = ("array",)

    def __init__(self, *_: object) -> None:
        self.array: Array = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        self.array = _from_bytes(data, dtype, shape, "F" if fortran else "C")


class _FromBuffer:
    """Stands for numpy's _frombuffer, how protocol 5 writes arrays."""

    __slots__ = ("array",)

    def __init__(self, data: object, dtype: object, shape: tuple[int, ...], order: str) -> None:
        self.array = _from_bytes(data, dtype, shape, order)


class _Latin1:
    """Stands for _codecs.encode(text, "latin1"), how protocol 2 writes bytes."""

    __slots__ = ()

    def __new__(cls, text: str, _: str) -> Any:
        return text.encode("latin1")


def _from_bytes(data: object, dtype: object, shape: tuple[int, ...], order: str) -> Array:
    if not isinstance(data, bytes | bytearray) or not isinstance(dtype, _Dtype):
        raise ModelError("an array's contents are not bytes")
    kind = np.dtype(dtype.name)
    if math.prod(shape) * kind.itemsize != len(data):
        raise ModelError(f"an array says it is {shape} and has {len(data)} bytes")
    flat = np.frombuffer(data, kind)
    return flat.reshape(shape, order="F" if order == "F" else "C")


class _ArrayUnpickler(pickle.Unpickler):
    KNOWN: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): _Array,
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): _Latin1,
        ("collections", "OrderedDict"): dict,
        ("builtins", "tuple"): tuple,
        **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
        **{(f"numpy.{core}.numeric", "_frombuffer"): _FromBuffer for core in ("core", "_core")},
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.KNOWN[module, name]
        except KeyError:
            raise ModelError(f"it asks for '{module}.{name}', which no array needs") from None

    def persistent_load(self, pid: Any) -> Any:
        raise ModelError("it points outside itself")


def _arrays(value: Any) -> Any:
    """The stand-ins replaced by what they stand for, one and two levels deep."""
    if isinstance(value, dict):
        return {name: _arrays(entry) for name, entry in value.items()}
    if isinstance(value, tuple):
        return tuple(_arrays(entry) for entry in value)
    return value.array if isinstance(value, _Array | _FromBuffer) else value


def _tensor(file: str, name: object, entry: Any) -> Tensor:
    if isinstance(entry, tuple) and len(entry) == 2:  # a Parameter: (its other name, array)
        entry = entry[1]
    if not isinstance(entry, np.ndarray):
        raise ModelError(f"{file}: '{name}' is a {type(entry).__name__}, not an array")
    if entry.dtype == np.uint16:  # PaddlePaddle's way to write bfloat16
        entry = (entry.astype(np.uint32) << 16).view(np.float32)
    # Own, aligned memory in this machine's byte order.
    return torch.from_numpy(np.array(entry, entry.dtype.newbyteorder("=")))
