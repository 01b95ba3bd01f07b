"""One encoder, the coarse layers where there are any, and the heads, as the config says.

Dimensions: B batch, T text tokens, S segments, E entities, C labels, K descriptions, D width.
"""

from __future__ import annotations

from torch import Tensor, nn

from docai.models.config import HeadConfig, HeadKind, ModelConfig
from docai.models.described import DescribedHead, mean_of_tokens
from docai.models.encoder import Encoded, ErnieLayout
from docai.models.forms import form_config
from docai.models.heads import AnswerHead, Entities, LinkHead, PageHead, PromptHead, TokenHead
from docai.models.inputs import ModelInput, Segments
from docai.models.mmlayout import CoarseLayers, SegmentHead, SegmentLinkHead
from docai.models.pretraining import PretrainingHeads
from docai.models.segments import SegmentEnsemble
from docai.models.tuning import Prompts


class DocumentModel(nn.Module):
    """ModelInput to the scores of every head, by the head's name."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ErnieLayout(config)
        self.coarse = (
            CoarseLayers(config, self.encoder.visual.boxes) if config.coarse is not None else None
        )
        self.pretraining = PretrainingHeads(config) if config.pretraining else None
        self.task_heads = nn.ModuleDict(
            {name: build_head(config, head) for name, head in config.task_heads.items()}
        )

    def forward(
        self,
        inputs: ModelInput,
        *,
        segments: Segments | None = None,
        entities: Entities | None = None,
        prompts: Prompts | None = None,
    ) -> dict[str, Tensor]:
        """Scores of the heads whose inputs are given: links need entities, segments need them.

        Heads that are asked in words are asked by `seen_by`; those for forms read what these see.
        """
        encoded = self.encode(inputs, segments=segments, prompts=prompts)
        scores = {}
        for name, head in self.task_heads.items():
            kind = self.config.task_heads[name].kind
            if kind == HeadKind.ANSWER:
                scores[name] = head(encoded, inputs.token_types)  # (2, B, T)
            elif kind == HeadKind.LINKS and entities is not None:
                scores[name] = head(encoded, entities)  # (B, E, 1 + E)
            elif kind == HeadKind.SEGMENTS and segments is not None:
                scores[name] = head(encoded.coarse)  # (B, S, C)
            elif kind == HeadKind.SEGMENT_LINKS and segments is not None:
                scores[name] = head(encoded.coarse, segments)  # (B, S, 1 + S)
            elif kind in (HeadKind.TOKENS, HeadKind.PAGE, HeadKind.PROMPT):
                scores[name] = head(encoded)  # (B, T, C), (B, C) or (2, B, T)
        return scores

    def seen_by(self, head: DescribedHead, inputs: ModelInput) -> tuple[Tensor, Tensor]:
        """(B, T, D) twice: what the layers below a head that is asked in words make; what it sees.

        The layers it replaces are spared.
        """
        below = self.encoder(inputs, depth=head.depth).text
        return below, head(below, inputs)

    def describe(self, texts: ModelInput) -> Tensor:
        """(K, D): the vector of each text, by which a field or a kind is asked for."""
        return mean_of_tokens(self.encoder(texts).text, texts.keep)

    def encode(
        self,
        inputs: ModelInput,
        *,
        segments: Segments | None = None,
        prompts: Prompts | None = None,
    ) -> Encoded:
        encoded: Encoded = self.encoder(inputs, prompts)
        if self.coarse is not None and segments is not None:
            encoded = self.coarse(encoded, segments)
        return encoded


def build_head(config: ModelConfig, head: HeadConfig) -> nn.Module:
    labels = len(head.labels)
    match head.kind:
        case HeadKind.TOKENS:
            return TokenHead(config, labels)
        case HeadKind.ANSWER:
            return AnswerHead(config)
        case HeadKind.PAGE:
            return PageHead(config, labels)
        case HeadKind.PROMPT:
            return PromptHead(config)
        case HeadKind.DESCRIBED:
            return DescribedHead(config)
        case HeadKind.FORM:
            return SegmentEnsemble(form_config(config.width))
        case HeadKind.LINKS:
            return LinkHead(config, labels)
        case HeadKind.SEGMENTS:
            return SegmentHead(config, labels)
        case HeadKind.SEGMENT_LINKS:
            return SegmentLinkHead(config, labels)
