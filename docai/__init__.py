"""Read documents: words with positions in, fields and answers with evidence out."""

import os

__version__ = "0.1.0"

# onnxruntime's wheels keep a log of their use and send it to their maker. Nothing phones home
# from docai, so this is said before any part of it can import onnxruntime.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
