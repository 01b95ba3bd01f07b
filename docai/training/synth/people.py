"""Invented people and companies with addresses, numbers and codes of their country."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from docai.training.synth.regions import Region, coded, iban
from docai.training.synth.wording import task_vocabulary, vocabulary

FAKER_HAS_NOT = {"en_MY": "en_PH"}


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with an address. `address` is its lines without the name."""

    name: str
    person: str
    address: tuple[str, ...]
    phone: str
    email: str
    web: str
    tax_id: str
    iban: str
    bic: str
    bank: str
    registration: str
    is_company: bool


@cache
def _faker(locale: str) -> Any:
    from faker import Faker

    return Faker(locale)


class People:
    """A source of people of one region; the same seed gives the same ones."""

    def __init__(self, region: Region, random: Random) -> None:
        self.region, self.random = region, random
        self._fake = _faker(FAKER_HAS_NOT.get(region.locale, region.locale))
        self._fake.seed_instance(random.getrandbits(64))

    def first_name(self) -> str:
        return str(self._fake.first_name())

    def last_name(self) -> str:
        return str(self._fake.last_name())

    def person(self) -> str:
        first, last = self.first_name(), self.last_name()
        return last + first if self.region.language == "zh" else f"{first} {last}"

    def town(self) -> str:
        return str(self._fake.city())

    def street(self) -> str:
        if self.region.locale == "en_MY":
            kind = self.random.choice(("JALAN", "Jalan", "Lorong", "Persiaran"))
            name = self.random.choice(_MALAY)
            return f"No. {self.random.randint(1, 98)}, {kind} {name} {self.random.randint(1, 12)}"
        return str(self._fake.street_address()).replace("\n", ", ")

    def postcode(self) -> str:
        return str(self._fake.postcode())

    def place(self) -> str:
        """Postcode and town as the country writes them."""
        locale, random = self.region.locale, self.random
        if locale == "en_MY":
            return f"{random.randint(10, 89)}{random.randint(0, 9)}00 {random.choice(_MALAY_TOWNS)}"
        if locale in ("en_US", "en_AU", "en_CA"):
            province = {"en_CA": "province_abbr"}.get(locale, "state_abbr")
            return f"{self.town()}, {getattr(self._fake, province)()} {self.postcode()}"
        if self.region.language == "en":
            return f"{self.town()} {self.postcode()}"
        return f"{self.postcode()} {self.town()}"

    def address(self, country: bool = False) -> tuple[str, ...]:
        if self.region.language == "zh":
            return (str(self._fake.province()) + self.town() + str(self._fake.street_address()),)
        lines = [self.street(), self.place()]
        if self.region.locale == "en_GB" and self.random.random() < 0.5:
            lines[1:] = [self.town(), self.postcode()]
        if country:
            lines.append(self.random.choice(task_vocabulary(self.region.language)["countries"][:6]))
        return tuple(lines)

    def company_name(self, trade_names: list[str] | None = None) -> str:
        words, random = vocabulary(self.region.language), self.random
        if self.region.language == "zh":
            root = str(self._fake.city_name()) + random.choice(words["words"])
            trade, form = random.choice(trade_names or [""]), random.choice(words["legal_forms"])
            return f"{root}{trade}{form}"
        if not trade_names or random.random() < 0.15:
            return str(self._fake.company())
        trade = random.choice(trade_names)
        form = random.choice(words["legal_forms"])
        root = random.choice(
            (
                random.choice(words["words"]),
                random.choice(words["words"]),
                self.last_name(),
                self.last_name(),
                f"{self.last_name()} & {self.last_name()}",
                self.town(),
                coded("??", random) if random.random() < 0.5 else coded("???", random),
            )
        )
        name = f"{trade} {root}" if random.random() < self._trade_first() else f"{root} {trade}"
        if random.random() < 0.15:
            name = root
        return f"{name} {form}".strip()

    def _trade_first(self) -> float:
        return {"fr": 0.7, "es": 0.7}.get(self.region.language, 0.12)

    def phone(self) -> str:
        return coded(self.random.choice(self.region.phone), self.random).replace("##", "55")

    def company(self, trade_names: list[str] | None = None, *, country: bool = False) -> Party:
        name = self.company_name(trade_names)
        return self._party(name, self.person(), country, is_company=True)

    def customer(self) -> Party:
        if self.random.random() < 0.35:
            person = self.person()
            return self._party(person, person, False, is_company=False)
        trade = self.random.choice(list(vocabulary(self.region.language)["trades"].values()))
        return self.company(trade["names"], country=self.random.random() < 0.2)

    def _party(self, name: str, person: str, country: bool, *, is_company: bool) -> Party:
        region, random = self.region, self.random
        host = _host(name) or "company"
        ending = random.choice(("example", "example", "example.com", "example.org"))
        mailbox = (
            random.choice(("info", "office", "contact", "sales", "billing", "hello", "service"))
            if is_company
            else host
        )
        if not is_company:
            host = random.choice(("mail", "post", "inbox"))
        return Party(
            name,
            person,
            self.address(country),
            self.phone(),
            f"{mailbox}@{host}.{ending}",
            f"www.{host}.{ending}",
            coded(region.tax_code, random),
            iban(region, random, spaced=random.random() < 0.8)
            if region.iban
            else coded("########", random),
            coded("????" + region.iban[:2] + "#?" + random.choice(("", "XXX", "###")), random)
            if region.iban
            else coded("??????##", random),
            self.bank(),
            coded(random.choice(("########", "HRB #####", "### ### ###")), random),
            is_company,
        )

    def bank(self) -> str:
        words = vocabulary(self.region.language)
        pattern = self.random.choice(words["banks"])
        return str(pattern).replace("<town>", self.town())


def _host(name: str) -> str:
    """The first words of the name, as long as a domain is that people can remember."""
    plain = unicodedata.normalize("NFKD", name.lower())
    letters = "".join(sign for sign in plain if sign.isascii() and (sign.isalnum() or sign == " "))
    host = ""
    for word in letters.split():
        if host and len(host) + len(word) > 13:
            break
        host += f"-{word}" if host else word
    return host[:18]


_MALAY = [
    "Bunga Raya",
    "Setia",
    "Merdeka",
    "Kenanga",
    "Melati",
    "Ampang",
    "Perdana",
    "Gombak",
    "Sentosa",
    "Mutiara",
]
_MALAY_TOWNS = [
    "Kuala Lumpur",
    "Petaling Jaya, Selangor",
    "Johor Bahru",
    "Shah Alam, Selangor",
    "Ipoh, Perak",
    "Kajang, Selangor",
    "Klang",
    "SEREMBAN",
    "PENANG",
]
