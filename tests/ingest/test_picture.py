from pathlib import Path

import pytest
from pages import picture
from PIL import Image

from docai.errors import BrokenDocument, LimitExceeded, UnreadableFile
from docai.ingest.limits import Limits
from docai.ingest.raw import open_document


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp", "bmp", "gif"])
def test_every_format_is_a_page_whatever_its_name(tmp_path, suffix):
    path = tmp_path / f"scan.{suffix}"
    picture("Hello").save(path)
    path = path.rename(tmp_path / "scan.pdf")
    with open_document(path) as document:
        page, image = document.page(1), document.image(1, dpi=144)
    assert document.page_count == 1
    assert page.image_coverage == 1.0
    assert image.pixels.min() < 100 < 200 < image.pixels.max()


def test_heic_is_read():
    photo = Path(__file__).parents[1] / "data" / "photo.heic"  # 96 × 64, its left top corner black
    with open_document(photo) as document:
        pixels = document.image(1, dpi=1000).pixels
    assert pixels.shape == (64, 96, 3)
    assert pixels[10, 10].max() < 60
    assert pixels[50, 80].min() > 200


def test_a_tiff_has_as_many_pages_as_frames(tmp_path):
    path = tmp_path / "fax.tif"
    first, *others = (picture(f"page {i}").convert("1") for i in (1, 2, 3))
    first.save(path, save_all=True, append_images=others, compression="group4")
    with open_document(path) as document:
        images = [document.image(i, dpi=144).pixels for i in (1, 2, 3)]
    assert document.page_count == 3
    assert (images[0] != images[2]).any()


def test_exif_rotation_is_undone(tmp_path):
    path = tmp_path / "photo.jpg"
    image = Image.new("RGB", (300, 200), "white")
    image.paste("black", (0, 0, 60, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter clockwise
    image.save(path, exif=exif)
    with open_document(path) as document:
        page, shown = document.page(1), document.image(1, dpi=1000)
    assert page.width < page.height
    assert shown.pixels.shape[:2] == (300, 200)
    assert shown.pixels[10, -10].max() < 60
    assert shown.pixels[10, 10].min() > 200


def test_stated_resolution_counts_where_it_is_plausible(tmp_path):
    path = tmp_path / "scan.png"
    image = Image.new("RGB", (1240, 1754), "white")
    image.save(path, dpi=(150, 150))
    with open_document(path) as document:
        assert document.page(1).image_dpi == pytest.approx(150, abs=0.1)
    image.save(path, dpi=(3, 3))
    with open_document(path) as document:
        assert document.page(1).height == pytest.approx(842, abs=0.1)


def test_transparent_parts_are_paper(tmp_path):
    path = tmp_path / "logo.png"
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(path)
    with open_document(path) as document:
        assert document.image(1, dpi=1000).pixels.min() == 255


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA"])
def test_every_colour_mode_becomes_rgb(tmp_path, mode):
    path = tmp_path / "scan.tiff"
    Image.new("L", (60, 40), 255).convert("L" if mode == "I;16" else mode).save(path)
    if mode == "I;16":
        Image.new("I;16", (60, 40), 65535).save(path)
    with open_document(path) as document:
        pixels = document.image(1, dpi=1000).pixels
    assert pixels.shape == (40, 60, 3)
    assert pixels.min() > 250


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(path)
    assert path.stat().st_size < 1_000_000
    with open_document(path) as document, pytest.raises(LimitExceeded, match="30000 × 30000"):
        document.image(1, dpi=72)


def test_half_a_picture_is_an_error_not_a_gray_page(tmp_path):
    path = tmp_path / "cut.jpg"
    picture("Hello").save(path)
    path.write_bytes(path.read_bytes()[:3000])
    with open_document(path) as document, pytest.raises(BrokenDocument, match="truncated"):
        document.image(1, dpi=72)


def test_a_page_that_fails_leaves_the_others(tmp_path):
    path = tmp_path / "fax.tif"
    small, large = Image.new("L", (100, 100), 255), Image.new("L", (3000, 3000), 255)
    small.save(path, save_all=True, append_images=[large, small])
    with open_document(path, limits=Limits(max_megapixels=1)) as document:
        assert document.image(1, dpi=72).pixels.size > 0
        with pytest.raises(LimitExceeded):
            document.image(2, dpi=72)
        assert document.image(3, dpi=72).pixels.size > 0


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"), open_document(tmp_path / "gone.pdf"):
        pass
    with pytest.raises(UnreadableFile, match="not a file"), open_document(tmp_path):
        pass


def test_a_file_over_the_byte_limit_is_not_opened(tmp_path):
    path = tmp_path / "large.pdf"
    path.write_bytes(b"%PDF-1.4" + bytes(2_000_000))
    with pytest.raises(LimitExceeded, match="2 MB; the limit is 1 MB"):  # noqa: SIM117
        with open_document(path, limits=Limits(max_mb=1)):
            pass
