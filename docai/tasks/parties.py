"""Who sends the document and who receives it.

Each address is weighed for being the sender's and the recipient's: by a label over it, by
where it stands, by the telephone, tax number or bank that belongs to it. A name without an
address counts too: after a label, on the letterhead, or with a legal form at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docai.results import Span
from docai.tasks.addresses import PARTY_LABELS, Address, addresses, is_name_like
from docai.tasks.context import Context
from docai.tasks.lexicon import lexicon
from docai.tasks.sheet import Run
from docai.tasks.text import key

# What speaks for an address being the sender's (positive) or the recipient's, in log-odds.
LABELLED = 4.0
SENDER_LINE = 3.0  # one small line with all of it
CONTACT = 1.2  # telephone, e-mail, tax number or bank right below
REPEATED = 1.0  # its name stands elsewhere on the page as well
WINDOW = 1.2  # where a window envelope shows the recipient
FOOT = 1.5  # at the bottom of a page
HEAD = 0.6  # in the top eighth
ORGANISATION = 0.3

ROLES = ("vendor", "customer", "shipping", "billing")
_CONTACT_CONCEPTS = frozenset({"phone", "email", "tax_id", "iban", "vendor_tax_id", "bic"})


@dataclass(frozen=True, slots=True)
class Party:
    """A name and an address, each possibly missing; `score` is in log-odds, 0 is a toss-up."""

    name: Span | None
    address: Address | None
    score: float


@dataclass(frozen=True, slots=True)
class Parties:
    vendor: Party | None
    customer: Party | None
    shipping: Party | None
    billing: Party | None


def find_parties(context: Context) -> Parties:
    found = addresses(context)
    labelled = {role: _labelled(role, found) for role in ROLES}
    plain = [(_weigh(a, context), a) for a in found if _role(a) is None and a.name is not None]
    plain.sort(key=lambda weighed: -weighed[0])
    vendor = labelled["vendor"] or _vendor(
        plain, labelled["customer"] or labelled["billing"], context
    )
    customer = labelled["customer"] or labelled["billing"] or _customer(plain, vendor)
    return Parties(vendor, customer, labelled["shipping"], labelled["billing"])


def _role(address: Address) -> str | None:
    if address.label is None:
        return None
    concept = next(c for c in address.label.concepts if c in PARTY_LABELS)
    return "vendor" if concept == "vendor_address" else concept


def _labelled(role: str, found: Iterable[Address]) -> Party | None:
    """The address under this label; one with a town before a bare name."""
    own = [a for a in found if _role(a) == role and a.name is not None]
    own.sort(key=lambda a: (not a.label.phrase.sure if a.label else True, a.postal is None))
    return (
        Party(
            own[0].name,
            own[0],
            LABELLED if own[0].label and own[0].label.phrase.sure else LABELLED / 2,
        )
        if own
        else None
    )


def _weigh(address: Address, context: Context) -> float:
    page = context.document.pages[address.page]
    _, y = address.box.centre
    left_half = address.box.left < 0.45 * page.width
    score = SENDER_LINE * address.one_line
    score += CONTACT * min(2, sum(_is_contact(run, context) for run in address.beside))
    score += FOOT * (y > 0.85 * page.height) + HEAD * (y < 0.125 * page.height)
    score -= WINDOW * (left_half and 0.12 * page.height < y < 0.36 * page.height)
    score += 0.4 * (not left_half and y < 0.36 * page.height)
    if address.name is not None:
        words = [key(word) for word in address.name.text.split()]
        score += ORGANISATION * any(word in lexicon().organisations for word in words)
        score += REPEATED * (context.count(address.name.text) > 1)
    return score


def _is_contact(run: Run, context: Context) -> bool:
    return (
        "@" in run.text
        or "www." in run.text
        or any(
            concept in _CONTACT_CONCEPTS for hit in context.hits_in(run) for concept in hit.concepts
        )
    )


def _vendor(
    weighed: Sequence[tuple[float, Address]], customer: Party | None, context: Context
) -> Party | None:
    """The address most like a sender's; the letterhead where there is only the recipient's."""
    taken = _key(customer)
    others = [(score, a) for score, a in weighed if a.name and key(a.name.text) != taken]
    if others and (others[0][0] > 0 or len(others) > 1 or customer is not None):
        score, address = others[0]
        return Party(address.name, address, score)
    head = letterhead(context)
    return head if head is not None and _key(head) != taken else None


def _key(party: Party | None) -> str:
    return key(party.name.text) if party is not None and party.name is not None else ""


def letterhead(context: Context) -> Party | None:
    """The largest or first name in the top third of the first page, best with a legal form."""
    if not context.sheets:
        return None
    sheet = context.sheets[0]
    top = [
        run
        for run in sheet.runs
        if run.box.top < 0.33 * sheet.page.height and is_name_like(run.text)
    ]
    top = [run for run in top if not context.hits_in(run)]
    if not top:
        return None

    def weight(run: Run) -> float:
        words = [key(word) for word in run.text.split()]
        form = any(word in lexicon().organisations for word in words)
        return (
            2.0 * form + run.box.height / sheet.word_height - 2.0 * run.box.top / sheet.page.height
        )

    run = max(top, key=weight)
    return Party(run.span(), None, weight(run) - 2.0)


def _customer(weighed: Sequence[tuple[float, Address]], vendor: Party | None) -> Party | None:
    """The address that is least like a sender's and not the vendor's own again."""
    for score, address in reversed(weighed):
        own = vendor is not None and address is vendor.address
        if (
            address.name is None
            or address.one_line
            or own
            or key(address.name.text) == _key(vendor)
        ):
            continue
        return Party(address.name, address, -score)
    return None
