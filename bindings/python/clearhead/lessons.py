"""Lessons: from one weight to a whole transformer, calculated here, with knobs to turn.

What ``clearhead learn`` shows in a terminal, as objects that a notebook shows. The pages as
notebooks, to be run and changed: ``python -m clearhead.lessons FOLDER`` writes them.

>>> from clearhead import lessons
>>> lesson = lessons.run(4, dim=64)
>>> print(lesson.steps["variance"])
   d  variance of product  of product / √d
   1                 1.00             1.00
...
>>> lesson.figures["weights"]
<clearhead.Figure of 2 matrices>
>>> lessons.run(4, colour="red")
Traceback (most recent call last):
clearhead.Error: --set colour=red: this lesson has no knob of that name; it has ...
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from clearhead import _notebooks
from clearhead._clearhead import Figure, Knob, Step, find_lesson, run_lesson
from clearhead._models import find_model

__all__ = ["Claims", "Knob", "Lesson", "Step", "run", "write_notebooks"]


class Claims(dict):
    """What a lesson claims: sentences, and whether each holds with the knobs as they were."""

    def __repr__(self):
        return "\n".join(f"{'✓' if holds else '✗'} {sentence}" for sentence, holds in self.items())


@dataclass(frozen=True, repr=False)
class Lesson:
    """A lesson that was run. ``print`` shows all that it printed."""

    title: str  #: "4. Why divide by √d"
    knobs: dict[str, Knob]  #: what could be turned, and what it was
    steps: dict[str, Step]  #: what was calculated, in the order of the page
    figures: dict[str, Figure]  #: what was drawn
    claims: Claims  #: what the page says under "What to notice"

    def __repr__(self):
        return (
            f"<Lesson {self.title}: steps {', '.join(self.steps)}; "
            f"figures {', '.join(self.figures) or 'none'}>"
        )

    def __str__(self):
        return "\n\n".join([self.title, *map(str, self.steps.values()), str(self.claims)])


def run(lesson: int | str, /, **knobs) -> Lesson:
    """Runs a lesson, given by its number or its name, with these knobs turned.

    All is calculated anew; those that train a network take some seconds. ``clearhead.Error`` says
    what a knob may be.
    """
    entry = find_lesson(str(lesson))
    settings = {name: str(value) for name, value in knobs.items()}
    said = run_lesson(str(lesson), settings, find_model)
    return Lesson(
        title=entry.title,
        knobs={knob.name: knob for knob in said.knobs},
        steps={step.name: step for step in said.steps},
        figures=said.figures,
        claims=Claims(said.claims),
    )


def write_notebooks(folder: str | os.PathLike) -> list[Path]:
    """Writes all lessons into a folder as notebooks, such as 04_scaling.ipynb, and says which.

    They have the text of the pages; what a page shows is calculated when they are run.
    """
    return _notebooks.write(Path(folder))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("Writes the lessons as notebooks. Use: python -m clearhead.lessons FOLDER")
    for path in write_notebooks(sys.argv[1]):
        print(path)
