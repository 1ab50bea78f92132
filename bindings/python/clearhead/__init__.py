"""Attention you can see through.

Arrays in, arrays out: NumPy's, and whatever speaks DLPack. Start with
``scaled_dot_product_attention`` and ``steps`` for attention by itself, with ``load`` for a model.
"""

from collections.abc import Mapping

from clearhead._clearhead import (
    AttentionPass,
    Cache,
    Error,
    Explanation,
    Figure,
    Model,
    Tokenizer,
    Value,
    __version__,
    attention,
    attention_backward,
    attention_forward,
    attention_heads,
    heatmap,
    scaled_dot_product_attention,
    set_threads,
    steps,
    threads,
)
from clearhead._models import load

Mapping.register(Cache)

__all__ = [
    "AttentionPass",
    "Cache",
    "Error",
    "Explanation",
    "Figure",
    "Model",
    "Tokenizer",
    "Value",
    "__version__",
    "attention",
    "attention_backward",
    "attention_forward",
    "attention_heads",
    "heatmap",
    "load",
    "scaled_dot_product_attention",
    "set_threads",
    "steps",
    "threads",
]
