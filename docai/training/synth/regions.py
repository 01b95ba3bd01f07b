"""How a country writes dates, numbers, money and codes, and what tax it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from docai.training.synth.wording import months


@dataclass(frozen=True, slots=True)
class Region:
    """A country in one of its languages.

    In `dates`, D and M are the unpadded numbers,
    N is the month's name and n its short form.
    """

    language: str
    locale: str  # of the package faker
    currency: str
    symbols: tuple[str, ...]
    separators: tuple[tuple[str, str], ...]  # (decimal, thousands)
    dates: tuple[str, ...]
    tax_rates: tuple[str, ...]  # the usual one first
    tax_code: str  # a pattern: # is a digit, ? a letter
    tax_names: tuple[str, ...]
    phone: tuple[str, ...]
    letter_paper: bool = False
    iban: str = ""  # country and pattern of the account; empty: other codes are used
    weight: int = 1


_ENGLISH_DATES = ("dd/mm/yyyy", "D N yyyy", "dd N yyyy", "dd.mm.yyyy", "yyyy-mm-dd", "dd-n-yyyy")
_GERMAN_DATES = ("dd.mm.yyyy", "dd.mm.yyyy", "D. N yyyy", "dd.mm.yy", "D.M.yyyy", "yyyy-mm-dd")
_FRENCH_DATES = ("dd/mm/yyyy", "dd/mm/yyyy", "D N yyyy", "dd.mm.yyyy", "dd/mm/yy", "dd-mm-yyyy")
_SPANISH_DATES = ("dd/mm/yyyy", "dd/mm/yyyy", "D de N de yyyy", "dd-mm-yyyy", "dd/mm/yy")
_CHINESE_DATES = ("yyyy年mm月dd日", "yyyy年M月D日", "yyyy-mm-dd", "yyyy/mm/dd", "yyyy.mm.dd")

REGIONS = (
    Region(
        "en",
        "en_GB",
        "GBP",
        ("£",),
        ((".", ","),),
        _ENGLISH_DATES,
        ("20", "5", "0"),
        "GB ### #### ##",
        ("VAT",),
        ("01### ######", "+44 20 #### ####", "0### ### ####"),
        iban="GB## ???? #### #### #### ##",
        weight=3,
    ),
    Region(
        "en",
        "en_US",
        "USD",
        ("$", "$", "US$"),
        ((".", ","),),
        ("mm/dd/yyyy", "N D, yyyy", "n D, yyyy", "M/D/yyyy", "mm/dd/yy", "yyyy-mm-dd"),
        ("8.25", "6", "7.5", "8.875", "0"),
        "##-#######",
        ("Sales tax", "Tax"),
        ("(###) ###-####", "###-###-####", "###.###.####", "+1 ### ### ####"),
        letter_paper=True,
        weight=4,
    ),
    Region(
        "en",
        "en_IE",
        "EUR",
        ("€",),
        ((".", ","),),
        _ENGLISH_DATES,
        ("23", "13.5", "0"),
        "IE #######??",
        ("VAT",),
        ("+353 1 ### ####", "01 ### ####"),
        iban="IE## ???? #### #### #### ##",
    ),
    Region(
        "en",
        "en_AU",
        "AUD",
        ("$", "A$"),
        ((".", ","),),
        _ENGLISH_DATES,
        ("10", "0"),
        "## ### ### ###",
        ("GST",),
        ("(0#) #### ####", "04## ### ###"),
    ),
    Region(
        "en",
        "en_CA",
        "CAD",
        ("$", "CA$"),
        ((".", ","),),
        ("yyyy-mm-dd", "N D, yyyy", "dd/mm/yyyy"),
        ("13", "5"),
        "######### RT 0001",
        ("HST", "GST"),
        ("(###) ###-####",),
        letter_paper=True,
    ),
    Region(
        "en",
        "en_MY",
        "MYR",
        ("RM",),
        ((".", ","),),
        ("dd/mm/yyyy", "dd-mm-yyyy", "dd-n-yyyy", "dd/mm/yy", "D/M/yyyy"),
        ("6", "10"),
        "############",
        ("GST", "SST"),
        ("03-#### ####", "0#-#######", "01#-### ####"),
        weight=3,
    ),
    Region(
        "de",
        "de_DE",
        "EUR",
        ("€", "€", "EUR"),
        ((",", "."),),
        _GERMAN_DATES,
        ("19", "7", "0"),
        "DE#########",
        ("MwSt.", "USt.", "MwSt", "USt"),
        ("0#### / ######", "+49 ## ########", "0###-#######"),
        iban="DE## #### #### #### #### ##",
        weight=4,
    ),
    Region(
        "de",
        "de_AT",
        "EUR",
        ("€", "EUR"),
        ((",", "."),),
        _GERMAN_DATES,
        ("20", "10"),
        "ATU########",
        ("USt.", "MwSt."),
        ("+43 1 #######", "0#### ######"),
        iban="AT## #### #### #### ####",
    ),
    Region(
        "de",
        "de_CH",
        "CHF",
        ("CHF", "Fr."),
        ((".", "'"), (".", "’")),
        _GERMAN_DATES,
        ("8.1", "2.6"),
        "CHE-###.###.### MWST",
        ("MWST",),
        ("+41 44 ### ## ##", "0## ### ## ##"),
        iban="CH## #### #### #### #### #",
    ),
    Region(
        "fr",
        "fr_FR",
        "EUR",
        ("€", "€", "EUR"),
        ((",", " "), (",", " "), (",", ".")),
        _FRENCH_DATES,
        ("20", "10", "5.5"),
        "FR ## ### ### ###",
        ("TVA",),
        ("0# ## ## ## ##", "+33 # ## ## ## ##", "0#.##.##.##.##"),
        iban="FR## #### #### #### #### #### ###",
        weight=4,
    ),
    Region(
        "fr",
        "fr_BE",
        "EUR",
        ("€", "EUR"),
        ((",", "."), (",", " ")),
        _FRENCH_DATES,
        ("21", "6"),
        "BE 0### ### ###",
        ("TVA",),
        ("+32 # ### ## ##", "0### ## ## ##"),
        iban="BE## #### #### ####",
    ),
    Region(
        "fr",
        "fr_CH",
        "CHF",
        ("CHF",),
        ((".", "'"),),
        ("dd.mm.yyyy", "D N yyyy"),
        ("8.1", "2.6"),
        "CHE-###.###.### TVA",
        ("TVA",),
        ("+41 21 ### ## ##",),
        iban="CH## #### #### #### #### #",
    ),
    Region(
        "es",
        "es_ES",
        "EUR",
        ("€", "€", "EUR"),
        ((",", "."),),
        _SPANISH_DATES,
        ("21", "10", "4"),
        "B########",
        ("IVA",),
        ("9## ### ###", "+34 6## ## ## ##", "9## ## ## ##"),
        iban="ES## #### #### #### #### ####",
        weight=4,
    ),
    Region(
        "es",
        "es_MX",
        "MXN",
        ("$", "MXN"),
        ((".", ","),),
        _SPANISH_DATES,
        ("16", "0"),
        "???######??#",
        ("IVA", "I.V.A."),
        ("55 #### ####", "(##) #### ####"),
        letter_paper=True,
        weight=2,
    ),
    Region(
        "zh",
        "zh_CN",
        "CNY",
        ("¥", "¥", "￥"),
        ((".", ","), (".", "")),
        _CHINESE_DATES,
        ("13", "9", "6", "3"),
        "91######MA?#?????#",
        ("增值税", "税"),
        ("0##-########", "1##########", "400-###-####"),
    ),
)

LANGUAGES = tuple(dict.fromkeys(region.language for region in REGIONS))


def region_for(language: str, random: Random) -> Region:
    own = [region for region in REGIONS if region.language == language]
    return random.choices(own, [region.weight for region in own])[0]


def date_text(value: date, form: str, language: str) -> str:
    """The date in one of a region's forms."""
    names = months(language)
    name = names[value.month - 1] if names else ["", ""]
    parts: Mapping[str, str] = {
        "yyyy": f"{value.year:04}",
        "yy": f"{value.year % 100:02}",
        "mm": f"{value.month:02}",
        "dd": f"{value.day:02}",
        "M": str(value.month),
        "D": str(value.day),
        "N": name[0],
        "n": name[min(1, len(name) - 1)],
    }
    text, position = "", 0
    while position < len(form):
        code = next((code for code in parts if form.startswith(code, position)), None)
        # "de" of a Spanish date is a word; codes stand where no letter follows them.
        text += parts[code] if code else form[position]
        position += len(code) if code else 1
    return text


@dataclass(frozen=True, slots=True)
class Figures:
    """How one document writes its numbers."""

    decimal: str
    thousands: str
    symbol: str
    symbol_first: bool
    space: bool  # between symbol and number
    date_form: str
    region: Region
    minus_behind: bool = False

    def number(self, value: Decimal, places: int) -> str:
        text = f"{abs(value):,.{places}f}"
        text = text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        if value < 0:
            return text + "-" if self.minus_behind else "-" + text
        return text

    def amount(self, value: Decimal) -> str:
        return self.number(value, 2)

    def money(self, value: Decimal) -> str:
        """With the currency's sign."""
        number, gap = self.amount(value), " " if self.space else ""
        return self.symbol + gap + number if self.symbol_first else number + gap + self.symbol

    def quantity(self, value: Decimal) -> str:
        return self.number(value, max(0, -int(value.normalize().as_tuple().exponent)))

    def percent(self, rate: Decimal, space: bool = False) -> str:
        return self.quantity(rate) + (" %" if space else "%")

    def date(self, value: date) -> str:
        return date_text(value, self.date_form, self.region.language)


def figures(region: Region, random: Random) -> Figures:
    decimal, thousands = random.choice(region.separators)
    symbol = random.choice(region.symbols)
    english = region.language in ("en", "zh") or region.currency == "MXN"
    if random.random() < 0.12 and region.language != "zh":
        symbol = region.currency
    letters = symbol.isalpha()
    first = random.random() < (0.95 if english else 0.55 if letters else 0.08)
    return Figures(
        decimal,
        thousands if random.random() < 0.9 else "",
        symbol,
        first,
        # A symbol behind its number has a space before it nearly always.
        (letters and random.random() < 0.85)
        or (not first and random.random() < 0.9)
        or (first and random.random() < 0.1),
        random.choice(region.dates),
        region,
        random.random() < 0.05,
    )


def coded(pattern: str, random: Random) -> str:
    """# becomes a digit, ? a capital letter."""
    return "".join(
        random.choice("0123456789")
        if sign == "#"
        else random.choice("ABCDEFGHKLMNPRSTUVWXYZ")
        if sign == "?"
        else sign
        for sign in pattern
    )


def iban(region: Region, random: Random, *, spaced: bool = True) -> str:
    """An account with true check digits."""
    from stdnum import iban as rules

    body = coded(region.iban[2:].replace(" ", ""), random)[2:]
    country = region.iban[:2]
    number = country + rules.calc_check_digits(f"{country}00{body}") + body
    if not spaced:
        return number
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
