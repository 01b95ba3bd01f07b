"""The ERNIE-Layout family in PyTorch: text, layout and image of a page in one transformer.

Importing this package loads nothing heavy; its modules import torch. What reads what:

    config      the numbers a model is built from
    inputs      ModelInput and Segments: the only way into a model, checked once
    embeddings  word, order, kind and place of a token
    vision      the page picture as 49 more tokens
    attention   two forms: `bias` (the released checkpoint's), `disentangled` (the paper's)
    encoder     layers, and ErnieLayout: ModelInput -> Encoded
    heads       Encoded -> scores
    mmlayout    coarse nodes (segments, visual regions) above the fine tokens
    model       DocumentModel: one encoder, its coarse layers and its heads, by configuration
    collators, pretraining   four objectives: what is hidden, and what is asked
    tuning      prompts: a few trained vectors beside a frozen encoder
    tokenizers  words to pieces
    weights     a model as a folder: save, load, list
    convert, unpickle        checkpoints of others, read without running them
    fetch       the only module that may touch the network
    precision, deploy        bf16 and int8; torch.compile and ONNX
"""
