import math
from dataclasses import replace

import pytest
import torch
from tiny_pages import SIDE

from docai.models.collators import (
    PretrainingCollator,
    PretrainingWindow,
    Rates,
    Vocabulary,
    choose,
    cover,
    covered_tokens,
    following,
    mask_words,
    replace_patches,
    shuffle_lines,
)
from docai.models.config import Attention
from docai.models.heads import IGNORE
from docai.models.inputs import Window
from docai.models.model import DocumentModel
from docai.models.pretraining import (
    Losses,
    covered_loss,
    pretraining_losses,
    reading_order_loss,
)

VOCABULARY = Vocabulary(size=60, pad=1, mask=59, first_piece=5)
CLS, SEP = 0, 2


def page(seed=0):
    """[CLS], three lines of two words, the last word of two pieces, [SEP]."""
    ids = [CLS, *(5 + (7 * seed + 3 * i) % 50 for i in range(7)), SEP]
    left, right = (100, 400), (500, 900)
    boxes = [(x0, y, x1, y + 60) for y in (100, 400, 700) for x0, x1 in (left, right)]
    pixels = torch.Generator().manual_seed(seed)
    image = torch.randint(1, 256, (3, SIDE, SIDE), dtype=torch.uint8, generator=pixels)
    nowhere = (0, 0, 0, 0)
    return PretrainingWindow(
        window=Window(ids, [nowhere, *boxes, boxes[-1], nowhere], image=image),
        words=[-1, 0, 1, 2, 3, 4, 5, 5, -1],
        lines=[-1, 0, 0, 1, 1, 2, 2, 2, -1],
        line_boxes=[(100, y, 900, y + 60) for y in (100, 400, 700)],
    )


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_next_token_by_hand():
    """Pieces of the six words in turn; the last piece points to itself, specials to nothing."""
    assert following(page()) == [IGNORE, 2, 3, 4, 5, 6, 7, 7, IGNORE]


def test_shuffled_lines_keep_the_right_reading_order():
    shuffled = shuffle_lines(page(), generator(3))
    assert shuffled.lines != page().lines
    read, at = [], shuffled.words.index(0)
    while True:
        read.append(shuffled.window.token_ids[at])
        if following(shuffled)[at] == at:
            break
        at = following(shuffled)[at]
    assert read == list(page().window.token_ids[1:-1])
    assert shuffled.window.token_ids[0] == CLS and shuffled.window.token_ids[-1] == SEP
    moved = dict(zip(shuffled.window.token_ids, shuffled.window.boxes, strict=True))
    assert moved == dict(zip(page().window.token_ids, page().window.boxes, strict=True))


def test_words_are_masked_whole():
    for seed in range(20):
        masked = mask_words(page(), 0.5, generator(seed))
        assert masked[0] == masked[-1] == 0
        assert masked[6] == masked[7]  # the two pieces of the last word
        assert sum(masked[1:7]) == 3


def test_rates_are_met_and_something_is_always_asked():
    assert int(choose(49, 0.10, generator()).sum()) == 5
    assert int(choose(3, 0.15, generator()).sum()) == 1
    assert int(choose(0, 0.15, generator()).sum()) == 0
    assert int(choose(9, 0.0, generator()).sum()) == 0


def test_a_covered_line_is_black_and_nothing_else_is():
    image = torch.full((3, 100, 100), 9)
    covered = cover(image, [(0, 0, 100, 100), (200, 500, 400, 600)], torch.tensor([False, True]))
    assert (covered == 0).sum() == 3 * 10 * 20
    assert not covered[:, 50:60, 20:40].any()


def test_patches_come_from_the_donor_at_the_same_place():
    mine, donor = torch.zeros(1, 3, 6, 6), torch.arange(36.0).view(1, 1, 6, 6).expand(1, 3, 6, 6)
    replaced = torch.tensor([[False, False, False, False, False, True, False, False, False]])
    mixed = replace_patches(mine, donor, replaced, patches=3)
    assert torch.equal(mixed[0, 0, 2:4, 4:6], donor[0, 0, 2:4, 4:6])
    mixed[0, :, 2:4, 4:6] = 0
    assert not mixed.any()


def test_covered_tokens_are_asked_only_where_the_picture_is_the_pages_own():
    """Line 1 is hidden; the patch in the middle of line 2's left word is another page's."""
    hidden = torch.tensor([False, True, False])
    replaced = torch.zeros(9, dtype=torch.bool)
    replaced[6] = True  # bottom left of 3 x 3: the word at (100..400, 700..760)
    answers = covered_tokens(page(), hidden, replaced, patches=3)
    assert answers == [IGNORE, 0, 0, 1, 1, IGNORE, 0, 0, IGNORE]


def test_the_batch_hides_what_it_asks_for():
    windows = [page(0), page(1)]
    collator = PretrainingCollator(VOCABULARY, patches=3, rates=Rates(shuffled_pages=0.0))
    batch = collator(windows, generator())
    original = torch.tensor([w.window.token_ids for w in windows])
    asked = batch.words != IGNORE
    assert asked.any()
    assert torch.equal(batch.words[asked], original[asked])
    assert torch.equal(batch.inputs.token_ids[~asked], original[~asked])
    assert not batch.covered[asked].ne(IGNORE).any()
    assert batch.replaced.sum(1).tolist() == [1, 1]
    assert batch.inputs.boxes[0].tolist() == [list(box) for box in page().window.boxes]


def test_most_masked_tokens_become_the_mask_some_a_random_piece_some_stay():
    collator = PretrainingCollator(VOCABULARY, patches=3)
    ids, masked = torch.full((100, 100), 7), torch.ones(100, 100, dtype=torch.bool)
    corrupted = collator.corrupt(ids, masked, generator())
    as_mask = (corrupted == VOCABULARY.mask).float().mean().item()
    stayed = (corrupted == 7).float().mean().item()
    # A random piece is the mask or the token itself once in 55: 0.1 / 55 = 0.002.
    assert as_mask == pytest.approx(0.802, abs=0.015)
    assert stayed == pytest.approx(0.102, abs=0.015)
    assert corrupted.min() >= VOCABULARY.first_piece


def test_the_same_seed_gives_the_same_batch():
    collator = PretrainingCollator(VOCABULARY, patches=3)
    one, two = (collator([page(0), page(1)], generator(5)) for _ in range(2))
    assert torch.equal(one.inputs.token_ids, two.inputs.token_ids)
    assert torch.equal(one.inputs.image, two.inputs.image)
    assert torch.equal(one.following, two.following)


def test_one_page_alone_is_refused():
    with pytest.raises(ValueError, match="no other page"):
        PretrainingCollator(VOCABULARY, patches=3)([page()], generator())


def test_reading_order_loss_by_hand():
    """Row 1 chooses between 1 and 2 with odds 1:3; row 2 is sure of itself; 0 is no document."""
    scores = torch.zeros(1, 3, 3)
    scores[0, 1] = torch.tensor([50.0, 0.0, math.log(3)])  # 50: [CLS] can not be chosen
    scores[0, 2] = torch.tensor([0.0, 0.0, 40.0])
    loss = reading_order_loss(scores, torch.tensor([[IGNORE, 2, 2]]))
    assert loss.item() == pytest.approx(math.log(4 / 3) / 2, rel=1e-5)


def test_covered_loss_by_hand():
    scores = torch.tensor([[math.log(3), 0.0, 99.0]])
    loss = covered_loss(scores, torch.tensor([[1, 0, IGNORE]]))
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2, rel=1e-5)


def test_the_total_is_the_plain_sum_and_all_five_are_logged():
    losses = Losses(*(torch.tensor(float(n)) for n in (1, 2, 4, 8)))
    assert losses.log() == {"mvlm": 1, "rop": 2, "rrp": 4, "tia": 8, "total": 15}


@pytest.mark.parametrize("attention", list(Attention))
def test_a_tiny_model_learns_four_pages_by_heart(tiny_config, attention):
    """The same hidden words, order, patches and lines every time: all four can be learnt."""
    model = DocumentModel(replace(tiny_config, attention=attention)).train()
    # Four pictures are no sample: with their statistics moving, nothing could be learnt by heart.
    model.encoder.visual.backbone.eval()
    collator = PretrainingCollator(VOCABULARY, patches=3)
    batch = collator([page(seed) for seed in range(4)], generator(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    first = pretraining_losses(model, batch).log()
    for _ in range(160):
        optimizer.zero_grad()
        losses = pretraining_losses(model, batch)
        losses.total.backward()
        optimizer.step()
    last = losses.log()
    for name in ("mvlm", "rop", "rrp", "tia"):
        assert last[name] < 0.2 * first[name], (name, first, last)


def test_padding_changes_no_loss(tiny_config):
    model = DocumentModel(tiny_config).eval()
    collator = PretrainingCollator(VOCABULARY, patches=3)
    batch = collator([page(0), page(1)], generator())
    longer = replace(
        batch,
        inputs=replace(
            batch.inputs,
            token_ids=torch.nn.functional.pad(batch.inputs.token_ids, (0, 4), value=1),
            boxes=torch.nn.functional.pad(batch.inputs.boxes, (0, 0, 0, 4)),
            keep=torch.arange(13).expand(2, 13) < 9,
            token_types=None,
            positions=None,
        ),
        words=torch.nn.functional.pad(batch.words, (0, 4), value=IGNORE),
        following=torch.nn.functional.pad(batch.following, (0, 4), value=IGNORE),
        covered=torch.nn.functional.pad(batch.covered, (0, 4), value=IGNORE),
    )
    with torch.no_grad():
        short, padded = pretraining_losses(model, batch), pretraining_losses(model, longer)
    for name, value in short.log().items():
        assert padded.log()[name] == pytest.approx(value, rel=1e-4), name
