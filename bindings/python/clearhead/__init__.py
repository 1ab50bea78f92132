"""Attention you can see through.

Arrays in, arrays out: NumPy's, and whatever speaks DLPack. Start with
``scaled_dot_product_attention`` and ``steps`` for attention by itself, with ``load`` for a model.
``lens`` says why a model predicts what it does, ``claims`` scores claims, ``lessons`` teaches how
attention and transformers work, and ``clearhead.torch`` is for PyTorch, which it imports.
"""

import importlib as _importlib
import os as _os
from collections.abc import Mapping as _Mapping
from pathlib import Path as _Path

from clearhead import _clearhead, claims, lens
from clearhead._calls import says_what_is_wrong as _says_what_is_wrong
from clearhead._clearhead import (
    AttentionPass,
    Cache,
    Error,
    Explanation,
    Figure,
    HookPoint,
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
from clearhead._training import Evaluation, StopTraining, TrainingRun, TrainingStep, train

__all__ = [
    "AttentionPass",
    "Cache",
    "Error",
    "Evaluation",
    "Explanation",
    "Figure",
    "HookPoint",
    "Model",
    "StopTraining",
    "Tokenizer",
    "TrainingRun",
    "TrainingStep",
    "Value",
    "__version__",
    "attention",
    "attention_backward",
    "attention_forward",
    "attention_heads",
    "claims",
    "heatmap",
    "lens",
    "load",
    "scaled_dot_product_attention",
    "set_threads",
    "steps",
    "threads",
    "train",
]

_Mapping.register(Cache)


def _finish():
    """Functions and methods say what is wrong with a call, and classes where they are from."""
    for name in __all__:
        thing = globals()[name]
        if isinstance(thing, type):
            thing.__module__ = "clearhead"
            for method, function in list(vars(thing).items()):
                if type(function).__name__ == "nb_method" and not method.startswith("_"):
                    setattr(thing, method, _says_what_is_wrong(function, f"{name}.{method}"))
        elif type(thing).__name__ == "nb_func":
            globals()[name] = _says_what_is_wrong(thing)


_finish()

# Figures take the fonts of the machine, and where it has none those of the package.
if not _Path("/etc/fonts/fonts.conf").exists():
    _os.environ.setdefault("FONTCONFIG_FILE", str(_Path(__file__).parent / "fonts" / "fonts.conf"))


def __getattr__(name):
    if name in ("lessons", "torch"):  # so that PyTorch is imported where it is wanted
        return _importlib.import_module(f"clearhead.{name}")
    raise AttributeError(f"module 'clearhead' has no attribute {name!r}")


def __dir__():
    return [*__all__, "lessons", "torch"]
