"""Models by path or by name."""

import os
from pathlib import Path

from clearhead._clearhead import Error, Model, open_model

# The models that come with the package.
_OWN = Path(__file__).parent / "models"


def model_folders() -> list[Path]:
    """Where models are looked for by name: CLEARHEAD_MODELS alone, if it is set; else ``models``
    here, and those that come with the package."""
    given = os.environ.get("CLEARHEAD_MODELS")
    return [Path(given)] if given else [Path("models"), _OWN]


def find_model(model: str | os.PathLike, marker: str = "tokenizer.json") -> Path:
    """The folder or file of a model: ``model`` itself if there is one, else that of this name."""
    folders = model_folders()
    for path in [Path(model), *(folder / model for folder in folders)]:
        if path.is_file() or (path / marker).exists() or (path / "config.json").exists():
            return path
    found = (path.parent.name for folder in folders for path in folder.glob(f"*/{marker}"))
    names = sorted(set(found))
    raise Error(
        f"there is no model {model}: neither a folder nor a file, and in "
        f"{', '.join(map(str, folders))} there are: {', '.join(names) or 'none'}"
    )


def load(model: str | os.PathLike, *, keep_bf16: bool = False) -> Model:
    """Opens a model: a folder as transformers lay it out or as ``clearhead train`` does, a GGUF
    file, or the name of one of the models that come with the package.

    With ``keep_bf16`` matrices stay bfloat16: generating takes half the time.

    >>> import clearhead
    >>> clearhead.load("shakespeare").ability
    'a language model'
    """
    return open_model(find_model(model), keep_bf16)
