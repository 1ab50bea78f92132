"""What training.py compares: models with the batches they are trained with, and who trains them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """A GPT-2 without biases, with exact GELU and one table for tokens in and out, under AdamW."""

    key: str
    name: str
    layers: int
    heads: int
    channels: int
    context: int
    batch: int
    dropout: float
    vocabulary: int = 65
    learning_rate: float = 1e-3
    betas: tuple = (0.9, 0.99)
    weight_decay: float = 0.1  # of matrices
    clip: float = 1.0


SMALL = Setting("small", "nanoGPT's CPU setting", 4, 4, 128, 64, 12, 0.0)
BABY = Setting("baby", "baby GPT", 6, 6, 384, 256, 64, 0.2)
TINY = Setting("tiny", "a tiny model", 2, 2, 32, 256, 2, 0.0)

TORCH, HIGHEST, MEDIUM = "PyTorch f32", "clearhead highest", "clearhead medium"
