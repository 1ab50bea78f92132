"""Models by path or by name."""

import os
from pathlib import Path

from clearhead._calls import says_what_is_wrong
from clearhead._clearhead import Error, Model, open_model

_open = says_what_is_wrong(open_model, "load")

# The models that come with the package.
_OWN = Path(__file__).parent / "models"


def model_folders() -> list[Path]:
    """Where models are looked for by name: in CLEARHEAD_MODELS, if that is not set in ``models``
    here, and among those that come with the package."""
    return [Path(os.environ.get("CLEARHEAD_MODELS") or "models"), _OWN]


def find_model(model: str | os.PathLike[str], marker: str = "tokenizer.json") -> Path:
    """The folder or file of a model: ``model`` itself if there is one, else that of this name."""
    folders = model_folders()
    places = [Path(model), *(folder / model for folder in folders)] if str(model) else []
    for path in places:
        if path.is_file() or (path / marker).exists() or (path / "config.json").exists():
            return path
    found = (path.parent.name for folder in folders for path in folder.glob(f"*/{marker}"))
    names = sorted(set(found))
    why = "neither a folder nor a file"
    if any(path.is_dir() for path in places):
        why = f"a folder without {marker} and config.json"
    raise Error(
        f"there is no model {os.fspath(model) or repr(model)}: {why}, and in "
        f"{', '.join(map(str, folders))} there are: {', '.join(names) or 'none'}"
    )


def open_again(path: str, keep_bf16: bool) -> Model:
    """What a pickle of a model calls: it is opened from the same place."""
    return open_model(path, keep_bf16)


def load(model: str | os.PathLike[str], *, keep_bf16: bool = False) -> Model:
    """Opens a model: a folder as transformers lay it out or as ``clearhead train`` does, a GGUF
    file, or the name of one of the models that come with the package.

    With ``keep_bf16`` matrices stay bfloat16: generating takes half the time.

    >>> import clearhead
    >>> clearhead.load("shakespeare").ability
    'a language model'
    """
    path = find_model(model)
    if (path / "vocabulary.json").exists() and not (path / "tokenizer.json").exists():
        raise Error(f"{path} is a model of claims; clearhead.claims.load opens it")
    return _open(path, keep_bf16)
