"""Under which terms a data set may be used; a model card repeats them."""

from __future__ import annotations

TERMS = {
    "synthetic": "made by docai, free of terms",
    "debian": "texts and PDFs of Debian packages, each under its own free licence",
    "sroie": "CC BY 4.0",
    "squad": "CC BY-SA 4.0",
    "docvqa": "terms not stated: for checking only",
    "tatqa": "CC BY 4.0",
    "wikitablequestions": "CC BY-SA 4.0",
    "funsd": "non-commercial research only: not for weights that are shipped",
    "xfund": "CC BY-NC-SA 4.0: not for weights that are shipped",
    "wildreceipt": "terms not stated: for checking only",
}


def terms_of(origin: str) -> str:
    return TERMS.get(origin, "terms not known to docai: look at its source")
