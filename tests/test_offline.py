"""Nothing phones home: what the engines would tell their makers is switched off."""

import os
import subprocess
import sys
from pathlib import Path

from pages import picture


def test_onnxruntime_neither_logs_nor_sends_its_use(tmp_path):
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    picture("Total 24.00").save(tmp_path / "scan.png")
    program = "import sys; from docai.pipeline import read; print(len(read(sys.argv[1]).pages))"
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "scan.png")],
        env={**environment, "HOME": str(home), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1\n"
    assert list(Path(home).rglob("*")) == []
    assert list(Path(temporary).rglob("*")) == []
