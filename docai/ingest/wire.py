"""How the reader and its sandboxed parser talk: a JSON object and perhaps raw bytes.

Two unsigned 32-bit big-endian lengths, the JSON, the bytes. No pickle: a parser that a
hostile file has taken over can send wrong words, but not run anything on this side.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Iterable
from itertools import chain
from typing import Any

LENGTHS = struct.Struct(">II")
MEMORY_STATUS = 86  # the parser's exit status after a MemoryError
# What a nursery is asked and answers: what to do and a number, and a number.
REQUEST, ANSWER = struct.Struct(">ci"), struct.Struct(">i")
BEAR, POLL, WAIT = b"b", b"p", b"w"  # a child within so many MB; how child N ended, if; when it has
ALIVE = -1  # instead of a status as waitpid gives it
MAX_JSON = 256_000_000  # bytes; a page of a million words stays below


def pack(message: dict[str, Any], blob: bytes = b"") -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return LENGTHS.pack(len(text), len(blob)) + text + blob


def unpack_json(text: bytes) -> dict[str, Any]:
    """Raises ValueError where the bytes are no JSON object."""
    # Broken PDFs hold lone surrogates; they become U+FFFD here and stay out of the product.
    try:
        message = json.loads(text.decode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def pack_boxes(boxes: Iterable[tuple[float, float, float, float]]) -> bytes:
    """Four 32-bit floats a box: a hundred-thousandth of a point is close enough."""
    return array("f", chain.from_iterable(boxes)).tobytes()


def unpack_boxes(blob: bytes) -> list[tuple[float, float, float, float]]:
    """Raises ValueError where the bytes are not whole boxes."""
    edges = array("f")
    edges.frombytes(blob)
    if len(edges) % 4:
        raise ValueError("not a whole number of boxes")
    return list(zip(edges[::4], edges[1::4], edges[2::4], edges[3::4], strict=True))
