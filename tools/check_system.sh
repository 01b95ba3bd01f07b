#!/bin/sh
# What must be there before anything is installed; says what is missing and how to get it.
python=$1
command -v "$python" >/dev/null 2>&1 || {
    echo "docai needs Python 3.11 or newer; '$python' is not installed." >&2
    echo "Debian or Ubuntu: apt install python3 python3-venv. Another one: make PYTHON=/path/to/python" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "docai needs Python 3.11 or newer; $("$python" --version) is too old." >&2
    echo "Name another one: make PYTHON=/path/to/python3.12" >&2
    exit 1
}
"$python" -c 'import venv, ensurepip' 2>/dev/null || {
    echo "Python's venv module is missing. Debian or Ubuntu: apt install python3-venv" >&2
    exit 1
}
if [ "$(uname)" = Linux ]; then
    # opencv-python (through layoutparser) is linked against them.
    "$python" - <<'END' || exit 1
import ctypes, sys
needed = {"libGL.so.1": "libgl1", "libgthread-2.0.so.0": "libglib2.0-0"}
missing = []
for library, package in needed.items():
    try:
        ctypes.CDLL(library)
    except OSError:
        missing.append(package)
if missing:
    sys.exit("System libraries are missing. Debian or Ubuntu: apt install " + " ".join(missing))
END
fi
