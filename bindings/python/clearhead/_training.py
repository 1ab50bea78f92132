"""Training by a recipe."""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from clearhead._clearhead import Error, Model, Trainer, parse_recipe, read_recipe, usual_run_folder
from clearhead._models import load


class TrainingStep(NamedTuple):
    """What callbacks of ``train`` get: a step that is done, of ``steps``."""

    step: int  #: from 1
    steps: int  #: of the whole run
    loss: float  #: mean cross-entropy of its targets, in nats
    learning_rate: float  #: with which parameters moved
    gradient_norm: float  #: before it was clipped
    tokens: int  #: targets of its batches
    validation_loss: float | None  #: if the model was evaluated after it


class Evaluation(NamedTuple):
    """A row of ``curves.csv``."""

    step: int  #: after which it was made
    learning_rate: float  #: of that step
    loss: float  #: mean of the steps since the evaluation before
    validation_loss: float  #: of the validation text


class StopTraining(Exception):
    """Raised by a callback of ``train``, ends the run, which returns. Its checkpoint is written."""


@dataclasses.dataclass(frozen=True)
class TrainingRun:
    """What ``train`` returns."""

    folder: Path  #: where everything is
    ending: str  #: "finished", "out of patience" or "stopped"
    step: int  #: steps that are done
    evaluations: list[Evaluation]  #: from the first step on, also of earlier calls

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the lowest validation loss, whose model is kept."""
        return min(self.evaluations, key=lambda e: e.validation_loss, default=None)

    def load(self) -> Model:
        """The best model, which is in ``folder / "model"``."""
        return load(self.folder / "model")


Callback = Callable[[TrainingStep], object]


class _Progress:
    """A callback that shows how far the run is on standard error: a bar of tqdm where that is
    installed, and a line for each evaluation."""

    def __init__(self):
        self.bar = None
        self.validation = {}
        try:
            from tqdm.auto import tqdm
        except ImportError:
            tqdm = None
        self.tqdm = tqdm

    def __call__(self, step: TrainingStep):
        if self.tqdm and self.bar is None:
            self.bar = self.tqdm(initial=step.step - 1, total=step.steps, unit="step")
        if step.validation_loss is not None:
            line = f"step {step.step}: loss {step.loss:.4f}, validation {step.validation_loss:.4f}"
            self.validation = {"validation": f"{step.validation_loss:.4f}"}
            if self.bar is None:
                print(line, file=sys.stderr)
            else:
                self.bar.write(line, file=sys.stderr)
        if self.bar is not None:
            self.bar.set_postfix(loss=f"{step.loss:.4f}", **self.validation, refresh=False)
            self.bar.update()

    def close(self):
        if self.bar is not None:
            self.bar.close()


def train(
    recipe: str | os.PathLike | Mapping,
    callbacks: Callback | Iterable[Callback] = (),
    *,
    data: str | os.PathLike = ".",
    out: str | os.PathLike | None = None,
    progress: bool = True,
) -> TrainingRun:
    """Trains a model as ``clearhead train`` does: the same recipe and data give the same bytes.

    ``recipe`` is a file, or a dictionary of the same fields (docs/training.md); ``data`` the folder
    of the texts that it names; ``out`` where everything goes, runs/RECIPE if it is not given. A run
    that is there already is continued.

    ``callbacks`` (one or several) are called after each step with a ``TrainingStep``. What they
    raise ends the run, as Ctrl-C does: it writes a checkpoint, and the same call goes on from
    there. ``StopTraining`` lets it return, all else is raised. ``progress`` shows on standard error
    how far it is, by tqdm where that is installed.

    >>> import clearhead, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "input.txt").write_text("to be, or not to be, that is the question. " * 50)
    >>> recipe = {
    ...     "model": {"transformer": {"layers": 1, "heads": 2, "channels": 16, "context": 32}},
    ...     "data": {"train": ["input.txt"]},
    ...     "tokenizer": {"kind": "characters"},
    ...     "training": {"steps": 20, "batch": 4, "evaluate_every": 10},
    ... }
    >>> losses = []
    >>> run = clearhead.train(
    ...     recipe, lambda step: losses.append(step.loss), data=folder, out=folder / "run",
    ...     progress=False,
    ... )
    >>> len(losses), run.ending, run.load().ability
    (20, 'finished', 'a language model')
    """
    is_file = not isinstance(recipe, Mapping)
    if out is None and not is_file:
        raise Error("out: expected a folder, since a recipe that is a dictionary has no name")
    out = Path(out if out is not None else usual_run_folder(recipe))
    read = read_recipe(recipe) if is_file else parse_recipe(json.dumps(recipe), "the recipe")
    listeners = [callbacks] if callable(callbacks) else list(callbacks)
    shown = _Progress() if progress else None

    def on_step(*numbers):
        step = TrainingStep(*numbers)
        for listener in [shown, *listeners] if shown else listeners:
            listener(step)

    trainer = Trainer(read, data, out)
    try:
        ending = trainer.run(on_step)
    except StopTraining:
        ending = "stopped"
    finally:
        if shown:
            shown.close()
    return TrainingRun(out, ending, trainer.step, [Evaluation(*e) for e in trainer.evaluations])
