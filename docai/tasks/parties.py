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
FORMED = 2.0  # a legal form on a letterhead
EARLY = 2.0  # times the share of the page above a name on a letterhead
LETTERHEAD = 2.0  # off for a name without an address

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
    """Who could play each role, likeliest first. Nobody plays both vendor and customer."""

    vendors: tuple[Party, ...]
    customers: tuple[Party, ...]
    shipping: tuple[Party, ...]
    billing: tuple[Party, ...]

    @property
    def vendor(self) -> Party | None:
        return next(iter(self.vendors), None)

    @property
    def customer(self) -> Party | None:
        return next(iter(self.customers), None)


def find_parties(context: Context) -> Parties:
    found = [address for address in addresses(context) if address.name is not None]
    labelled = {role: _labelled(role, found) for role in ROLES}
    plain = [Party(a.name, a, _weigh(a, context)) for a in found if _role(a) is None]
    plain.sort(key=lambda party: -party.score)
    recipients = labelled["customer"] or labelled["billing"]
    vendors = labelled["vendor"] + _without(plain, recipients[:1])
    alone = not labelled["vendor"] and not recipients and len(vendors) == 1
    if not vendors or (alone and vendors[0].score <= 0):
        # The only address is the recipient's; the sender names himself at the top.
        vendors = _without(letterheads(context), recipients[:1])
    customers = recipients + _without(_as_customers(plain), vendors[:1])
    return Parties(
        tuple(vendors), tuple(customers), tuple(labelled["shipping"]), tuple(labelled["billing"])
    )


def _without(parties: Iterable[Party], taken: Sequence[Party]) -> list[Party]:
    """Those with another name than a party that already plays the other role."""
    names = {_key(party) for party in taken}
    return [party for party in parties if _key(party) not in names]


def _key(party: Party) -> str:
    return key(party.name.text) if party.name is not None else ""


def _as_customers(plain: Iterable[Party]) -> list[Party]:
    """The addresses least like a sender's first; one on a sender's line is none."""
    turned = [
        Party(party.name, party.address, -party.score)
        for party in plain
        if party.address is not None and not party.address.one_line
    ]
    return sorted(turned, key=lambda party: -party.score)


def _role(address: Address) -> str | None:
    if address.label is None:
        return None
    concept = next(c for c in address.label.concepts if c in PARTY_LABELS)
    return "vendor" if concept == "vendor_address" else concept


def _labelled(role: str, found: Iterable[Address]) -> list[Party]:
    """The addresses under a label of this role: sure labels first, whole addresses first."""
    own = [
        Party(a.name, a, LABELLED if a.label.phrase.sure else LABELLED / 2)
        for a in found
        if a.label is not None and _role(a) == role
    ]
    own.sort(
        key=lambda party: (-party.score, party.address is None or party.address.postal is None)
    )
    return own


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


def letterheads(context: Context) -> list[Party]:
    """Names in the top third of the first page: large ones, early ones and legal forms first."""
    if not context.sheets:
        return []
    sheet = context.sheets[0]
    height = max(1.0, sheet.page.height)

    def weight(run: Run) -> float:
        words = [key(word) for word in run.text.split()]
        form = any(word in lexicon().organisations for word in words)
        large = run.box.height / sheet.word_height
        return FORMED * form + large - EARLY * run.box.top / height - LETTERHEAD

    names = [
        run
        for run in sheet.runs
        if run.box.top < height / 3 and is_name_like(run.text) and not context.hits_in(run)
    ]
    return [Party(run.span(), None, weight(run)) for run in sorted(names, key=lambda r: -weight(r))]
