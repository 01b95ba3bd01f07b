"""Three short receipts with what is true of them."""

from docai.document import Document, Page, Source, Word
from docai.geometry import Box
from docai.layout import arrange
from docai.results import FieldType
from docai.tasks.spelled import places_of
from docai.training.labelled import LabelledDocument
from docai.training.readers import _field

WIDTH, HEIGHT, LINE = 6.0, 10.0, 14.0
SHOPS = (
    ("Garden Cafe", "12 Mill Lane, Leeds", "19/10/2018", "67.73"),
    ("North Star Books", "4 High Street, York", "02/03/2021", "15.40"),
    ("Hill Bakery Ltd", "77 Station Road, Hull", "30/11/2019", "8.25"),
)
TYPES = {
    "merchant_name": FieldType.STRING,
    "merchant_address": FieldType.ADDRESS,
    "transaction_date": FieldType.DATE,
    "total": FieldType.MONEY,
}


def receipts(origin):
    return [_receipt(origin, *shop) for shop in SHOPS]


def _receipt(origin, name, address, day, total):
    lines = [
        name, address, "Receipt No: 00118887", f"Date: {day}", "", "Tea          3.00",
        "Cake         5.00", "", f"TOTAL      {total}", "CASH       100.00", "THANK YOU",
    ]  # fmt: skip
    words = []
    for row, line in enumerate(lines):
        column = 0
        for part in line.split(" "):
            if part:
                left, top = column * WIDTH, row * LINE
                words.append(Word(part, Box(left, top, left + len(part) * WIDTH, top + HEIGHT)))
            column += len(part) + 1
    page = arrange(Page(1, 220.0, len(lines) * LINE, tuple(words)))
    document = Document(Source(name, "0" * 64, "image/png", 1), (page,))
    values = dict(zip(TYPES, (name, address, day, total), strict=True))
    places = {field: places_of(text, document) for field, text in values.items()}
    fields = tuple(_field(f, TYPES[f], values[f], places[f][0]) for f in TYPES)
    return LabelledDocument(
        document, origin, "receipt", "en", fields=fields, places=places, sought=frozenset(TYPES)
    )
