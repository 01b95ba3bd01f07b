import pikepdf
import pytest
from pages import A5, picture, scan, text
from pikepdf import Array, Dictionary, Name

from docai.errors import BrokenDocument, EmptyFile, EncryptedDocument, LimitExceeded
from docai.ingest.limits import Limits
from docai.ingest.raw import open_document


def read(path, **kwargs):
    with open_document(path, **kwargs) as document:
        return [document.page(number) for number in range(1, document.page_count + 1)]


def words(page):
    return [word.text for word in page.words]


def test_words_have_their_place_from_the_top_left(pdf):
    (page,) = read(pdf(text("Total due", "£2,318.88")))
    assert (page.width, page.height) == A5
    assert words(page) == ["Total", "due", "£2,318.88"]
    first, _, amount = (word.box for word in page.words)
    assert first.left == pytest.approx(50, abs=1)
    assert first.top < 55 < first.bottom
    assert amount.top - first.top == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_turned_by_its_rotate_entry_and_its_text_with_it_reads_upright(pdf, degrees):
    path = pdf(text("Invoice number 4711"))
    (straight,) = read(path)
    with pikepdf.open(path, allow_overwriting_input=True) as turned:
        _turn_content(turned.pages[0], degrees)
        turned.save(path)
    (page,) = read(path)
    assert page.rotation == degrees
    assert (page.width, page.height) == (straight.width, straight.height)
    for upright, word in zip(straight.words, page.words, strict=True):
        assert word.text == upright.text
        assert word.box.left == pytest.approx(upright.box.left, abs=1.5)
        assert word.box.top == pytest.approx(upright.box.top, abs=1.5)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_text_that_lies_on_its_side_without_a_rotate_entry_is_set_upright(pdf, degrees):
    path = pdf(text("Invoice number 4711"))
    with pikepdf.open(path, allow_overwriting_input=True) as turned:
        _turn_content(turned.pages[0], degrees)
        del turned.pages[0].Rotate
        turned.save(path)
    (page,) = read(path)
    assert page.rotation == degrees
    assert words(page) == ["Invoice", "number", "4711"]
    assert page.words[0].box.right < page.words[1].box.left


def _turn_content(page, degrees):
    """Turns what is drawn counter-clockwise and the page back clockwise by /Rotate."""
    width, height = A5
    matrix = {
        90: (0, 1, -1, 0, height, 0),
        180: (-1, 0, 0, -1, width, height),
        270: (0, -1, 1, 0, 0, width),
    }[degrees]
    page.contents_add(("q " + " ".join(map(str, matrix)) + " cm").encode(), prepend=True)
    page.contents_add(b"Q")
    if degrees != 180:
        page.mediabox = [0, 0, height, width]
    page.Rotate = degrees


def test_a_crop_box_moves_the_origin(pdf):
    path = pdf(text("Here"))
    with pikepdf.open(path, allow_overwriting_input=True) as cropped:
        cropped.pages[0].cropbox = [40, 0, 400, 560]
        cropped.save(path)
    (page,) = read(path)
    assert (page.width, page.height) == (360, 560)
    assert page.words[0].box.left == pytest.approx(10, abs=1)


def test_straight_lines_and_rectangles_are_rules_and_curves_are_not(pdf):
    def ruled(canvas):
        canvas.line(50, 300, 350, 300)
        canvas.rect(60, 100, 100, 50)
        canvas.circle(300, 150, 40)

    (page,) = read(pdf(ruled))
    shapes = {(round(r.left), round(r.top), round(r.right), round(r.bottom)) for r in page.rules}
    assert len(shapes) == 5
    assert any(right - left >= 299 and bottom - top <= 2 for left, top, right, bottom in shapes)


def test_white_shapes_rule_nothing(pdf):
    def white(canvas):
        canvas.setFillGray(1)
        canvas.rect(60, 100, 100, 50, stroke=0, fill=1)

    assert read(pdf(white))[0].rules == ()


def test_a_scanned_page_says_so(pdf):
    digital, scanned = read(pdf(text("words"), scan(picture("words"))))
    assert digital.image_coverage == 0
    assert scanned.image_coverage == pytest.approx(1, abs=0.01)
    assert scanned.image_dpi == pytest.approx(144, abs=1)
    assert scanned.words == ()


def test_an_invisible_text_layer_is_noticed(pdf):
    def hidden(canvas):
        scan(picture("Total 10.00"))(canvas)
        line = canvas.beginText(50, 540)
        line.setTextRenderMode(3)
        line.textLine("Total 99.00")
        canvas.drawText(line)

    (page,) = read(pdf(hidden))
    assert page.invisible_share == 1.0


def test_pixels_are_what_the_page_shows(pdf):
    def corner(canvas):
        canvas.setFillColorRGB(1, 0, 0)
        canvas.rect(0, A5[1] - 100, 100, 100, stroke=0, fill=1)

    with open_document(pdf(corner)) as document:
        image = document.image(1, dpi=72)
    assert image.pixels.shape == (595, 420, 3)
    assert image.pixels[50, 50].tolist() == [255, 0, 0]
    assert image.pixels[50, 300].tolist() == [255, 255, 255]


def test_a_huge_page_is_rendered_within_the_pixel_limit(pdf):
    path = pdf(text("plan"), size=(14_000.0, 10_000.0))
    with open_document(path, limits=Limits(max_megapixels=2)) as document:
        image = document.image(1, dpi=300)
    assert image.pixels.shape[0] * image.pixels.shape[1] <= 2_010_000
    assert image.width == pytest.approx(14_000, rel=0.01)


def test_encryption(pdf):
    path = pdf(text("secret"))
    with pikepdf.open(path, allow_overwriting_input=True) as plain:
        plain.save(path, encryption=pikepdf.Encryption(user="opensesame", owner="root"))
    with pytest.raises(EncryptedDocument, match="needs a password"):
        read(path)
    with pytest.raises(EncryptedDocument, match="does not open it"):
        read(path, password="wrong")
    assert words(read(path, password="opensesame")[0]) == ["secret"]


def test_a_file_whose_owner_password_only_forbids_copying_is_read(pdf):
    path = pdf(text("open"))
    with pikepdf.open(path, allow_overwriting_input=True) as plain:
        plain.save(path, encryption=pikepdf.Encryption(user="", owner="root"))
    assert words(read(path)[0]) == ["open"]


def test_a_truncated_file_gives_its_words_or_an_error_of_ours(pdf):
    path = pdf(text("first"), text("second"))
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.8, 0.95):
        path.write_bytes(whole[: int(len(whole) * share)])
        try:
            pages = read(path)
        except (BrokenDocument, EmptyFile):
            continue
        assert all(set(words(page)) <= {"first", "second"} for page in pages)


def test_qpdf_mends_what_pdfium_cannot_open(pdf):
    path = pdf(text("mended"))
    with pikepdf.open(path, allow_overwriting_input=True) as broken:
        broken.Root.Pages.Kids[0] = broken.Root.Pages.Kids[0]
        broken.Root.Pages.Type = Name.Nonsense
        del broken.pages[0].obj["/Type"]
        broken.save(path)
    assert words(read(path)[0]) == ["mended"]


def test_too_many_pages_are_refused_not_cut(pdf):
    path = pdf(*[text("page")] * 3)
    with pytest.raises(LimitExceeded, match="3 pages; the limit is 2"):
        read(path, limits=Limits(max_pages=2))


@pytest.fixture
def form(pdf):
    def draw(canvas):
        canvas.drawString(50, 500, "Name")
        fields = canvas.acroForm
        fields.textfield(name="name", value="Ada Lovelace", x=120, y=490, width=200, height=20)
        fields.checkbox(name="adult", checked=True, x=120, y=450, size=15)
        fields.checkbox(name="student", checked=False, x=200, y=450, size=15)
        choices = [("Germany", "DE"), ("France", "FR")]
        fields.choice(name="land", value="FR", options=choices, x=120, y=400, width=90, height=20)

    return pdf(draw)


def test_form_values_and_checkboxes_are_words_in_their_fields(form):
    (page,) = read(form)
    filled = {word.text: word.box for word in page.filled}
    assert {"Ada", "Lovelace", "☒", "☐", "France"} <= set(filled)
    assert 120 <= filled["Ada"].left < filled["Ada"].right <= filled["Lovelace"].left
    assert filled["Lovelace"].right <= 320
    assert A5[1] - 510 <= filled["Ada"].top < filled["Ada"].bottom <= A5[1] - 490
    assert filled["☒"].left < filled["☐"].left


def test_form_values_are_in_the_pixels_too(form):
    with open_document(form) as document:
        pixels = document.image(1, dpi=72).pixels
    field = pixels[int(A5[1]) - 508 : int(A5[1]) - 492, 124:200]
    assert field.min() < 128


def test_a_note_without_area_costs_nothing(pdf):
    path = pdf(text("Invoice"))
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([10, 10, 10, 10]), Contents="x"
        )
        document.pages[0].Annots = Array([document.make_indirect(note)])
        document.save(path)
    assert words(read(path)[0]) == ["Invoice"]


def test_a_page_of_too_many_words_is_refused(pdf):
    with pytest.raises(LimitExceeded, match="DOCAI_MAX_PAGE_WORDS"):
        read(pdf(text("one two three four")), limits=Limits(max_page_words=3))


def test_hidden_fields_and_passwords_stay_hidden(form):
    with pikepdf.open(form, allow_overwriting_input=True) as document:
        fields = {str(a.T): a for a in document.pages[0].Annots if "/T" in a}
        fields["name"].Ff = 1 << 13
        fields["adult"].F = 2
        document.save(form)
    (page,) = read(form)
    assert "Ada" not in {word.text for word in page.filled}
    assert "☒" not in {word.text for word in page.filled}


def test_a_typed_note_is_text_on_the_page(pdf):
    path = pdf(text("Invoice"))
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([100, 300, 300, 320]),
            Contents="PAID 3 March", DA=b"/Helv 10 Tf 0 g",
        )  # fmt: skip
        document.pages[0].Annots = Array([document.make_indirect(note)])
        document.save(path)
    (page,) = read(path)
    assert [word.text for word in page.filled] == ["PAID", "3", "March"]
