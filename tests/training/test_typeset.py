"""Text onto sheets."""

import pytest

from docai.training.synth.faces import faces
from docai.training.synth.typeset import Bit, Ink, Sheet, Text

INK = Ink(faces().of("sans")[0].regular, 10)


def placed(*bits, width=500.0):
    sheet = Sheet(595, 842)
    Text(bits).fit(width).draw(sheet, 0, 0)
    return sheet.words


def test_a_newline_begins_a_line():
    words = placed(Bit("Jane Doe\n12 High Street", INK))
    assert [word.text for word in words] == ["Jane", "Doe", "12", "High", "Street"]
    assert [word.y for word in words] == sorted(word.y for word in words)
    assert words[2].x == words[0].x and words[2].y > words[1].y
    one, two = (Text((Bit(text, INK),)).natural() for text in ("12 High Street", "Jane Doe"))
    assert Text((Bit("Jane Doe\n12 High Street", INK),)).natural() == pytest.approx(max(one, two))


def test_a_word_that_is_too_long_is_broken_once_a_newline_has_begun_its_line():
    words = placed(Bit("No.\n0123456789012345678901234567890123456789", INK), width=80)
    assert "".join(word.text for word in words[1:]) == "0123456789" * 4
    assert len({word.y for word in words}) == len(words)


def test_a_lead_is_room_between_two_bits_of_a_line():
    near = placed(Bit("Name:", INK), Bit("Doe", INK))
    far = placed(Bit("Name:", INK), Bit("Doe", INK, lead=12.0))
    assert far[1].x - near[1].x == pytest.approx(12.0)
    assert placed(Bit("Doe", INK, lead=12.0))[0].x == near[0].x
