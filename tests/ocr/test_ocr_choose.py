"""Which text layers are believed. The texts were written for these tests."""

import random
import string

import pytest

from docai.document import TextSource, Word
from docai.geometry import Box
from docai.ocr.choose import TextLayer, choose, garbling

WIDTH, HEIGHT = 420.0, 595.0

LANGUAGES = {
    "English": """The committee met on Tuesday to discuss the annual report and the budget.
        Members agreed that the figures, which the treasurer had prepared, were correct and
        thanked her. The next meeting takes place in the library on the third of May.""",
    "German": """Der Vorstand hat am Dienstag über den Jahresbericht und den Haushalt gesprochen.
        Die Mitglieder fanden die Zahlen der Schatzmeisterin richtig und dankten ihr für die
        Mühe. Die nächste Sitzung findet am dritten Mai in der Bücherei statt.""",
    "French": """Le comité s'est réuni mardi pour étudier le rapport annuel et le budget. Les
        membres ont jugé que les chiffres préparés par la trésorière étaient exacts et l'ont
        remerciée. La prochaine séance aura lieu à la bibliothèque le trois mai.""",
    "Spanish": """El comité se reunió el martes para estudiar el informe anual y el presupuesto.
        Los miembros consideraron correctas las cifras que había preparado la tesorera y le
        dieron las gracias. La próxima reunión será en la biblioteca el tres de mayo.""",
    "Polish": """Zarząd spotkał się we wtorek, aby omówić sprawozdanie roczne oraz budżet.
        Członkowie uznali, że liczby przygotowane przez skarbniczkę są prawidłowe, i
        podziękowali jej za pracę. Następne zebranie odbędzie się w bibliotece trzeciego maja.""",
    "Finnish": """Hallitus kokoontui tiistaina keskustelemaan vuosikertomuksesta ja talousarviosta.
        Jäsenet pitivät rahastonhoitajan valmistelemia lukuja oikeina ja kiittivät häntä
        työstä. Seuraava kokous pidetään kirjastossa toukokuun kolmantena päivänä.""",
    "Turkish": """Yönetim kurulu salı günü yıllık raporu ve bütçeyi görüşmek üzere toplandı.
        Üyeler, saymanın hazırladığı rakamların doğru olduğunu kabul etti ve kendisine
        teşekkür etti. Bir sonraki toplantı üç mayısta kütüphanede yapılacak.""",
    "Vietnamese": """Ủy ban đã họp vào thứ ba để thảo luận về báo cáo thường niên và ngân sách.
        Các thành viên đồng ý rằng những số liệu do thủ quỹ chuẩn bị là đúng và cảm ơn chị.
        Cuộc họp tiếp theo sẽ diễn ra ở thư viện vào ngày mồng ba tháng năm.""",
    "Russian": """Комитет собрался во вторник, чтобы обсудить годовой отчёт и бюджет. Участники
        согласились, что цифры, подготовленные казначеем, верны, и поблагодарили её.""",
    "Greek": """Η επιτροπή συνεδρίασε την Τρίτη για να συζητήσει την ετήσια έκθεση και τον
        προϋπολογισμό. Τα μέλη συμφώνησαν ότι τα στοιχεία της ταμία ήταν σωστά.""",
    "Arabic": """اجتمعت اللجنة يوم الثلاثاء لمناقشة التقرير السنوي والميزانية واتفق الأعضاء على
        أن الأرقام التي أعدتها أمينة الصندوق صحيحة وشكروها على عملها""",
    "Hindi": """समिति ने मंगलवार को वार्षिक रिपोर्ट और बजट पर चर्चा करने के लिए बैठक की। सदस्यों ने
        माना कि कोषाध्यक्ष द्वारा तैयार किए गए आँकड़े सही थे और उन्हें धन्यवाद दिया।""",
    "Thai": """คณะกรรมการ ประชุม วันอังคาร เพื่อ หารือ รายงาน ประจำปี และ งบประมาณ สมาชิก เห็นพ้อง ว่า
        ตัวเลข ที่ เหรัญญิก จัดทำ นั้น ถูกต้อง""",
    "Chinese, simplified": """委员会星期二开会讨论年度报告和预算。成员们认为财务主管
        准备的数字是正确的，并向她表示感谢。下一次会议五月三日在图书馆举行。""",
    "Chinese, traditional": """委員會星期二開會討論年度報告和預算。成員們認為財務主管
        準備的數字是正確的，並向她表示感謝。下一次會議五月三日在圖書館舉行。""",
    "Japanese": """委員会は火曜日に会合を開き、年次報告と予算について話し合った。
        会計担当者が用意した数字は正しいと認められ、全員が感謝した。次の会議は五月三日に図書館で開かれる。""",
    "Korean": """위원회는 화요일에 모여 연례 보고서와 예산을 논의했다. 회원들은 회계 담당자가 준비한
        숫자가 정확하다고 동의하고 감사를 표했다.""",
}
ALL_LANGUAGES = pytest.mark.parametrize("text", LANGUAGES.values(), ids=LANGUAGES)
CAPITALS = """TAXI RECEIPT CASH CHANGE TOTAL AMOUNT THANK YOU PLEASE COME AGAIN
    GOODS SOLD ARE NOT RETURNABLE"""


def layer(text, *, image_coverage=0.0, invisible_share=0.0, paths=0, top=100.0):
    """These words from `top` downwards, ten to a line."""
    words = tuple(
        Word(word, Box(40 + 30 * (i % 10), y := top + 14 * (i // 10), 66 + 30 * (i % 10), y + 10))
        for i, word in enumerate(text.split())
    )
    return TextLayer(words, image_coverage, invisible_share, WIDTH, HEIGHT, paths)


def is_read_by_ocr(layer):
    return choose(layer).source is TextSource.OCR


def shifted(text, by):
    """Every letter moved along the alphabet, as by a font with an encoding of its own."""
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    moved = lower[by:] + lower[:by] + upper[by:] + upper[:by]
    return text.translate(str.maketrans(lower + upper, moved))


@ALL_LANGUAGES
def test_language_is_believed(text):
    assert garbling(text.split()) is None
    assert not is_read_by_ocr(layer(text))


def test_capitals_are_language():
    assert garbling(CAPITALS.split() * 3) is None


def test_a_table_of_numbers_and_codes_is_believed():
    draw = random.Random(7)
    rows = [
        f"{draw.randint(10000, 99999)} KX-{draw.randint(10, 99)}/{draw.choice('ABC')} "
        f"{draw.randint(1, 40)} {draw.uniform(1, 900):.2f} DE{draw.randint(10**8, 10**9)}"
        for _ in range(60)
    ]
    assert not is_read_by_ocr(layer(" ".join(rows)))


def test_leaders_currencies_and_bullets_are_no_soup():
    contents = " ".join(f"Chapter {i} ............ {10 * i} € – •" for i in range(40))
    assert not is_read_by_ocr(layer(contents))


def test_a_few_private_bullets_do_not_condemn_a_page():
    """Symbol fonts put their bullets into the private area."""
    items = " ".join(f"\uf0b7 we bring {i} chairs and the old table" for i in range(20))
    assert not is_read_by_ocr(layer(items))


@pytest.mark.parametrize("by", range(1, 26))
@pytest.mark.parametrize("language", ["English", "German", "French", "Spanish"])
def test_shifted_letters_are_no_language(language, by):
    assert "pairs of letters" in (garbling(shifted(LANGUAGES[language], by).split()) or "")


def test_glyph_numbers_taken_for_characters_are_no_language():
    """A subset font's glyph 3 is the space, 36 is A: the commonest shift there is."""
    garbled = " ".join("".join(chr(ord(c) - 29) for c in w) for w in LANGUAGES["English"].split())
    assert garbling(garbled.split())


@pytest.mark.parametrize(
    ("garble", "fault"),
    [
        (lambda word: "".join(f"(cid:{ord(c)})" for c in word), "names of glyphs"),
        (lambda word: "".join(f"/g{ord(c)}" for c in word), "names of glyphs"),
        (lambda word: "".join(chr(0xE000 + ord(c)) for c in word), "private characters"),
        (lambda word: "\ufffd" * len(word), "private characters"),
        (lambda word: "".join(chr(ord(c) % 32) for c in word), "private characters"),
        (lambda word: "".join("!\"#$%&'()*"[ord(c) % 10] for c in word), "have no letter"),
        (lambda word: "".join(chr(0x4E00 + 199 * ord(c) % 20000) for c in word), "are common"),
    ],
    ids=["cid", "glyph names", "private", "undecoded", "control", "signs", "rare Han"],
)
def test_what_is_no_text_goes_to_ocr(garble, fault):
    words = [garble(word) for word in LANGUAGES["English"].split()]
    assert fault in (garbling(words) or "")


def test_cyrillic_taken_for_western_european_goes_to_ocr():
    mistaken = LANGUAGES["Russian"].encode("cp1251").decode("latin-1")
    assert "accented" in (garbling(mistaken.split()) or "")


def test_one_garbled_font_among_others_is_enough():
    half = LANGUAGES["English"].split() + ["(cid:12)(cid:44)"] * 12
    assert is_read_by_ocr(layer(" ".join(half)))


def test_the_end_of_a_long_page_is_looked_at():
    words = LANGUAGES["English"].split() * 20 + ["\ue001\ue002"] * 400
    assert garbling(words)


def test_a_blank_page_is_blank():
    choice = choose(layer(""))
    assert (choice.source, choice.reason) == (TextSource.EMBEDDED, "it is blank")


def test_a_frame_without_words_is_blank_but_a_page_of_outlines_is_not():
    assert not is_read_by_ocr(layer("", paths=12))
    choice = choose(layer("", paths=900))
    assert choice.source is TextSource.OCR
    assert choice.reason == "it has no text, but 900 outlines that may be letters"


@pytest.mark.parametrize("stamp", ["", "RECEIVED", "RECEIVED 12 May 2026"])
def test_a_scan_is_read_whatever_is_stamped_on_it(stamp):
    assert is_read_by_ocr(layer(stamp, image_coverage=0.98))


def test_a_header_and_footer_do_not_make_a_scan_digital():
    many = " ".join(["Page"] * 60)
    assert is_read_by_ocr(layer(many, image_coverage=1.0, top=0.0))  # 60 words in 84 points


def test_text_over_a_background_picture_is_believed():
    assert not is_read_by_ocr(layer(LANGUAGES["English"] * 2, image_coverage=1.0))


def test_a_picture_beside_too_few_words_is_read():
    assert is_read_by_ocr(layer("Figure 1", image_coverage=0.3))
    assert is_read_by_ocr(layer("", image_coverage=0.05))
    assert not is_read_by_ocr(layer("Invoice 17 of Harrow", image_coverage=0.05))  # a logo


def test_someone_elses_ocr_under_a_scan_is_not_believed():
    text = LANGUAGES["English"] * 2
    choice = choose(layer(text, image_coverage=1.0, invisible_share=1.0))
    assert choice.source is TextSource.OCR
    assert choice.reason == "100% of its text is invisible"


def test_a_little_hidden_text_on_a_digital_page_is_no_reason():
    assert not is_read_by_ocr(layer(LANGUAGES["English"], invisible_share=0.2))
    assert is_read_by_ocr(layer(LANGUAGES["English"], invisible_share=0.6))


def test_the_reason_counts():
    assert choose(layer("Hello there", image_coverage=0.9)).reason == (
        "it is an image with 2 words of text on it"
    )
    assert choose(layer("Hello", image_coverage=0.3)).reason == (
        "images cover 30% of it beside 1 word of text"
    )
    assert choose(layer("Hello there")).reason == "it has 2 words"
