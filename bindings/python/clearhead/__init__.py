"""Attention you can see through.

Arrays in, arrays out: NumPy's, and whatever speaks DLPack. Start with
``scaled_dot_product_attention``, ``steps`` and ``attention_backward``.
"""

from clearhead._clearhead import (
    AttentionPass,
    Error,
    Explanation,
    Value,
    __version__,
    attention,
    attention_backward,
    attention_forward,
    scaled_dot_product_attention,
    set_threads,
    steps,
    threads,
)

__all__ = [
    "AttentionPass",
    "Error",
    "Explanation",
    "Value",
    "__version__",
    "attention",
    "attention_backward",
    "attention_forward",
    "scaled_dot_product_attention",
    "set_threads",
    "steps",
    "threads",
]
