"""Fit the coefficients of docai.tasks.confidence; run by hand when the rules have changed.

    python tests/tasks/fit_confidence.py --sroie DIR

It learns from invented invoices (synthetic.py) and, where given, the even half of SROIE's
receipts (CC BY 4.0), both with the same weight in all, and reports the calibration error on
other invented invoices and on SROIE's odd half. SROIE's addresses are left out: its labelled
lines are cut at the first comma, so that no address in them is whole.
"""

import argparse
from pathlib import Path

import numpy as np
from synthetic import invoices

from docai.evaluation import invoice as invoice_scores
from docai.evaluation import receipt as receipt_scores
from docai.evaluation.report import confidence_tables
from docai.tasks import invoice, receipt
from docai.tasks.assemble import evidence_of, fields_of
from docai.tasks.confidence import FITTED, features, weights

KNOWN = frozenset({  # fields that an invented invoice holds exactly where its truth names them
    "invoice_id", "invoice_date", "due_date", "customer_id", "purchase_order", "iban",
    "vendor_tax_id", "customer_tax_id", "amount_paid", "service_start_date", "total_discount",
    "shipping_cost",
})  # fmt: skip
STRENGTH = 1.0  # of the pull towards zero, in claims
STEPS = 100


def invented(count, seed):
    """(features, right) of every judged field."""
    for made in invoices(count, seed):
        found = invoice.find(made.document)
        for name, evidence in evidence_of(found.options, found.checks, made.document).items():
            if name in made.fields:
                value = found.options[name][0].value
                yield features(evidence), invoice_scores.is_same(made.fields[name], value)
            elif name in KNOWN:
                yield features(evidence), False  # it is not on the page


def receipts(folder, half):
    for row in receipt_scores.rows(folder, half):
        document = receipt_scores.document_of(row)
        truth = {
            ours: row["entities"][theirs]
            for theirs, ours in receipt_scores.FIELDS.items()
            if row["entities"].get(theirs) and theirs != "address"
        }
        found = receipt.find(document)
        fields = {f.name: f for f in fields_of(found.options, found.checks, document)}
        for name, evidence in evidence_of(found.options, found.checks, document).items():
            if name in truth:
                yield features(evidence), receipt_scores.is_same(truth[name], fields[name])


def fit(groups):
    """Logistic regression by Newton's method, each group with the same weight in all."""
    x = np.array([f for group in groups for f, _ in group])
    y = np.array([right for group in groups for _, right in group], dtype=float)
    share = np.concatenate([np.full(len(g), len(y) / len(groups) / len(g)) for g in groups])
    w = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (share * (y - p)) - STRENGTH * w
        curvature = (x * (share * p * (1 - p))[:, None]).T @ x + STRENGTH * np.eye(len(w))
        w += np.linalg.solve(curvature, gradient)
    return w


def report(title, group, w):
    judged = [(float(1 / (1 + np.exp(-np.dot(f, w)))), right) for f, right in group]
    for table in confidence_tables(title, judged):
        print(f"\n{table.text()}")  # noqa: T201


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sroie", type=Path)
    given = parser.parse_args()
    learn, held_out = (
        [list(invented(400, 11))],
        {"other invented invoices": list(invented(300, 12))},
    )
    if given.sroie:
        learn.append(list(receipts(given.sroie, "even")))
        held_out["SROIE, odd half"] = list(receipts(given.sroie, "odd"))
    w = fit(learn)
    names = ("constant", "margin", "checks", "reading")
    print(", ".join(f"{name}={value:.2f}" for name, value in zip(names, w, strict=True)))  # noqa: T201
    for title, group in held_out.items():
        report(f"{title}, as fitted", group, w)
        report(f"{title}, as shipped", group, np.array(weights(FITTED)))


if __name__ == "__main__":
    main()
