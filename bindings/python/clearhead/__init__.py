"""Attention you can see through.

Arrays in, arrays out: NumPy's, and whatever speaks DLPack. Start with
``scaled_dot_product_attention`` and ``steps`` for attention by itself, with ``load`` for a model.
"""

import os
from collections.abc import Mapping
from pathlib import Path

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

# Figures take the fonts of the machine, and where it has none those of the package.
if not Path("/etc/fonts/fonts.conf").exists():
    os.environ.setdefault("FONTCONFIG_FILE", str(Path(__file__).parent / "fonts" / "fonts.conf"))

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
