"""The lock file: `lock.py write` prints what is installed, `lock.py check` compares.

The check also refuses licences that docai may not depend on (GPL, AGPL).
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "constraints.txt"
NOT_PINNED = {"docai", "pip", "setuptools", "wheel"}
OPENCV = {"opencv-python", "opencv-contrib-python", "opencv-python-headless"}
HEADER = """\
# Every version that docai is tested with; `make lock` writes this file.
# The three OpenCV packages share one folder and must stay at one version.
"""
GPL = re.compile(r"\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)


def installed() -> dict[str, Distribution]:
    found = {_name(distribution): distribution for distribution in distributions()}
    return {name: found[name] for name in sorted(found) if name not in NOT_PINNED}


def pins() -> dict[str, str]:
    lines = [line for line in LOCK.read_text().splitlines() if line and line[0] != "#"]
    return dict(line.split("==") for line in lines)


def version(distribution: Distribution) -> str:
    return distribution.version.split("+")[0]  # torch's "+cpu": the build is the user's choice


def licence(distribution: Distribution) -> str:
    metadata = distribution.metadata
    classifiers = [c for c in metadata.get_all("Classifier") or () if c.startswith("License")]
    short = (metadata.get("License") or "")[:80]  # some packages put the whole text there
    return " ".join([metadata.get("License-Expression") or "", short, *classifiers])


def _name(distribution: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()


def write() -> None:
    print(HEADER, end="")
    for name, distribution in installed().items():
        print(f"{name}=={version(distribution)}")


def check() -> int:
    locked, faults = pins(), []
    for name, distribution in installed().items():
        if locked.get(name) != version(distribution):
            faults.append(f"{name} {version(distribution)} is not what the lock says: `make lock`")
        if GPL.search(licence(distribution).replace("LGPL", "")):
            faults.append(f"{name} has a licence docai may not depend on: {licence(distribution)}")
    if len({locked[name] for name in OPENCV}) != 1:
        faults.append("the OpenCV packages have different versions; they share one folder")
    print(*faults, sep="\n", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1] == "check" else write())
