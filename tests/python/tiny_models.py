"""Models of a few thousand random numbers, as transformers writes them, with a vocabulary."""

import json
import pathlib
import shutil

import clearhead

MODELS = pathlib.Path(__file__).parent.parent / "models" / "data"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrs")  # 24
TOKENIZER = {
    "added_tokens": [
        {"id": i, "content": word, "special": True, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False} for i, word in enumerate(WORDS[:5])
    ],
    "normalizer": None,
    "pre_tokenizer": {"type": "Whitespace"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "decoder": None,
    "model": {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(WORDS)},
              "unk_token": "[UNK]"},
}  # fmt: skip


def write_tiny_model(name, folder):
    """The model of that name in a folder within `folder`."""
    shutil.copytree(MODELS / name, folder / name)
    (folder / name / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    return folder / name


def tiny_model(name, folder):
    """The same, opened."""
    return clearhead.load(write_tiny_model(name, folder))
