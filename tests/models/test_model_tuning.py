import pytest
import torch
from tiny_pages import random_inputs

from docai.errors import ModelError
from docai.models.config import HeadConfig, HeadKind
from docai.models.heads import token_loss
from docai.models.inputs import ModelInput
from docai.models.model import DocumentModel
from docai.models.tuning import Prompts, load_prompts, only_trainable, save_prompts


def test_prompts_leave_the_shapes_and_change_the_vectors(tiny_model):
    batch, prompts = random_inputs(padded=3), Prompts(32, text=4, visual=2)
    with torch.no_grad():
        plain, prompted = tiny_model.encode(batch), tiny_model.encode(batch, prompts=prompts)
    assert prompted.text.shape == plain.text.shape
    assert prompted.visual.shape == plain.visual.shape
    assert (prompted.text - plain.text).abs().max() > 1e-4


def test_a_prompt_that_starts_as_a_word_acts_as_that_word(tiny_model):
    """Two words with an empty box at positions 0 and 1, once as tokens and once as prompts."""
    batch, encoder = random_inputs(batch=1), tiny_model.encoder
    words = torch.tensor([[11, 12]])
    prompts = Prompts(32, text=2)
    prompts.start_from(encoder.embeddings.word(words[0]))
    spelled = ModelInput(
        torch.cat([batch.token_ids, words], 1),
        torch.cat([batch.boxes, torch.zeros(1, 2, 4, dtype=torch.long)], 1),
        batch.image,
        positions=torch.tensor([[*range(10), 0, 1]]),
    )
    with torch.no_grad():
        by_prompt = encoder(batch, prompts).text
        by_words = encoder(spelled).text[:, :10]
    torch.testing.assert_close(by_prompt, by_words)


def test_only_the_prompts_and_the_named_parts_are_trained(tiny_config):
    model = DocumentModel(tiny_config).train()
    prompts, head = Prompts(32, text=3, visual=2), model.task_heads["words"]
    with only_trainable(model, train=[head]):
        scores = model(random_inputs(), prompts=prompts)["words"]
        token_loss(scores, torch.randint(0, 3, (2, 10))).backward()
        learnt = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert learnt == {"task_heads.words.classify.weight", "task_heads.words.classify.bias"}
    assert prompts.text.grad.any() and prompts.visual.grad.any()
    assert all(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize("kind", [{"text": 6}, {"visual": 6}])
def test_prompts_alone_can_turn_an_answer(tiny_config, kind):
    """A frozen model is taught to call the page a receipt, by its prompts only."""
    config = tiny_config.with_heads(page=HeadConfig(HeadKind.PAGE, ("invoice", "receipt")))
    model, prompts = DocumentModel(config).eval(), Prompts(32, **kind)
    with torch.no_grad():  # fresh weights hardly listen to other tokens; trained ones do
        for weight in model.encoder.layers.parameters():
            if weight.ndim == 2:
                weight.normal_(std=0.3)
    batch, wanted = random_inputs(batch=1), torch.tensor([1])
    with torch.no_grad():
        if model(batch)["page"].argmax() == 1:
            wanted = torch.tensor([0])
    optimizer = torch.optim.Adam(prompts.parameters(), lr=0.1)
    with only_trainable(model):
        for _ in range(80):
            optimizer.zero_grad()
            scores = model(batch, prompts=prompts)["page"]
            torch.nn.functional.cross_entropy(scores, wanted).backward()
            optimizer.step()
    with torch.no_grad():
        assert model(batch, prompts=prompts)["page"].argmax() == wanted
        assert model(batch)["page"].argmax() != wanted


def test_prompts_are_saved_apart_from_the_encoder(tmp_path, tiny_model):
    prompts, path = Prompts(32, text=3, visual=2), tmp_path / "supplier.safetensors"
    save_prompts(prompts, path)
    again = load_prompts(path, width=32)
    batch = random_inputs()
    with torch.no_grad():
        before = tiny_model.encode(batch, prompts=prompts).text
        after = tiny_model.encode(batch, prompts=again).text
    assert torch.equal(before, after)
    assert path.stat().st_size < 2000


def test_prompts_of_another_encoder_are_refused(tmp_path):
    path = tmp_path / "supplier.safetensors"
    save_prompts(Prompts(16, text=3), path)
    with pytest.raises(ModelError, match="32 wide"):
        load_prompts(path, width=32)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ModelError, match="damaged"):
        load_prompts(path, width=16)
    with pytest.raises(ValueError, match="no prompts"):
        Prompts(16)
