"""Pages of lessons as notebooks: prose as it is, and a cell where something is calculated.

A notebook is JSON (https://nbformat.readthedocs.io, version 4.5), so that nothing is needed to
write one.
"""

import json
import posixpath
import re
import shlex
from pathlib import Path

from clearhead._clearhead import LessonEntry, all_lessons, find_lesson
from clearhead._models import find_model

_FOLDED = "<details><summary>{}</summary>"
_FIGURE = re.compile(r"!\[(.*)\]\(figures/(.+)\.svg\)")
_PIECE = re.compile(
    r"```.*?```|`(?P<code>[^`]+)`|(?<!!)\[(?P<text>[^]]+)\]\((?P<link>[^):]+)\)"
    r"|\blesson\s(?P<lesson>\d+)",
    re.DOTALL,
)


def write(folder: Path) -> list[Path]:
    """Writes all lessons as notebooks."""
    folder.mkdir(parents=True, exist_ok=True)
    lessons = all_lessons()
    paths = []
    for lesson, before, after in zip(lessons, [None, *lessons], [*lessons[1:], None]):
        path = folder / f"{lesson.folder}.ipynb"
        text = json.dumps(notebook(lesson, before, after), ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def notebook(lesson: LessonEntry, before: LessonEntry | None, after: LessonEntry | None) -> dict:
    """A lesson, with links to those before and after it."""
    cells = _Cells(lesson)
    for part in lesson.parts:
        cells.add_prose(part.prose)
        if part.output:
            cells.add_output(part.output)
    cells.add_prose("## Go on\n")
    links = [("← ", before, ""), ("", after, " →")]
    cells.lines += [
        " · ".join(
            f"[{left}{other.title}{right}]({other.folder}.ipynb)"
            for left, other, right in links
            if other
        )
    ]
    cells.end_prose()
    return {
        "cells": cells.cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


class _Cells:
    """The cells of a notebook, which grow line by line."""

    def __init__(self, lesson):
        self.lesson = lesson
        self.cells = []
        self.lines = []  # of the prose that goes on
        self.heading = ""
        self.fence = ""  # of the fenced text that goes on
        self.answer = ""  # what the answer that goes on is called

    def add_prose(self, markdown):
        for line in _PIECE.sub(self._as_in_python, markdown).splitlines():
            self._add_line(line)

    def add_output(self, place):
        """The cell that calculates what a step prints; that of an answer is folded."""
        step = f'.steps["{place.step}"]'
        if place.settings:
            turned = [f"{knob}={_literal(value)}" for knob, value in place.settings.items()]
            call = f"lessons.run({', '.join([str(self.lesson.number), *turned])})"
            return self._add_code(call + step)
        self._add_code("lesson" + step)

    def end_prose(self):
        text = "\n".join(self.lines).strip()
        self.lines = []
        if not text:
            return
        if self.answer:  # a cell ends what it folds
            text = f"{_FOLDED.format(self.answer)}\n\n{text}\n\n</details>"
            self.answer = "The answer goes on"
        self._add({"cell_type": "markdown", "metadata": {}, "source": text})

    def _add_line(self, line):
        figure = _FIGURE.fullmatch(line)
        if line.startswith("```"):
            self._add_fence(line)
        elif self.fence:
            self.lines.append(line)
        elif figure:
            self._add_code(f'lesson.figures["{figure[2]}"]')
            self.lines.append(f"*{figure[1]}*")  # what there is to see
        elif line.startswith("## "):
            self._begin_section(line)
        elif line in (_FOLDED.format("Answer"), "</details>"):
            self.end_prose()
            self.answer = "Answer" if line != "</details>" else ""
        else:
            self.lines.append(line)

    def _add_fence(self, line):
        is_formula = "```math" in (line, self.fence)
        self.fence = "" if self.fence else line
        self.lines.append("$$" if is_formula else line)

    def _begin_section(self, heading):
        if not self.heading:
            self._add_code(self._call())
        elif self.heading == "## What to notice":
            self._add_code("lesson.claims  # whether each holds")
        self.heading = heading
        self.end_prose()
        self.lines.append(heading)

    def _call(self):
        """The cell that runs the lesson, with each knob at its usual value."""
        knobs = self.lesson.knobs(find_model)
        lines = "".join(
            f"    {knob.name}={_literal(knob.value)},  # {_meaning(knob)}\n" for knob in knobs
        )
        arguments = f"\n    {self.lesson.number},\n{lines}" if knobs else self.lesson.number
        return f"from clearhead import lessons\n\nlesson = lessons.run({arguments})"

    def _add_code(self, source):
        self.end_prose()
        # An answer is read when it is asked for.
        folded = {"collapsed": True, "jupyter": {"outputs_hidden": True}} if self.answer else {}
        self._add(
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": folded,
                "outputs": [],
                "source": source,
            }
        )

    def _add(self, cell):
        self.cells.append({"id": f"{self.lesson.number}-{len(self.cells) + 1}", **cell})

    def _as_in_python(self, piece):
        """Links as what they lead to, and how the command line turns knobs as Python does."""
        if piece["code"]:
            return f"`{_call_of_command(piece['code'])}`"
        if piece["lesson"]:
            return f"[{piece[0]}]({find_lesson(piece['lesson']).folder}.ipynb)"
        if not piece["link"]:
            return piece[0]
        path = posixpath.normpath(posixpath.join("lessons", self.lesson.folder, piece["link"]))
        return f"`{path}`" if path.endswith(piece["text"]) else f"{piece['text']} (`{path}`)"


def _literal(value):
    """A knob's value in Python: a number as it is written, or a text."""
    try:
        float(value)
        return value
    except ValueError:
        return json.dumps(value, ensure_ascii=False)


def _meaning(knob):
    """What a knob is, without the text that it is, which stands before it."""
    return re.sub(r' \(".*"\)$', "", knob.meaning)


def _call_of_command(code):
    """`clearhead learn 4 --set dim=64` as `lessons.run(4, dim=64)`, `--set dim=64` as `dim=64`."""
    try:
        command = shlex.split(code.replace("\n", " "))
    except ValueError:
        return code
    turned = []
    while len(command) >= 2 and command[-2] == "--set":
        knob, _, value = command[-1].partition("=")
        turned.insert(0, f"{knob}={_literal(value)}")
        command = command[:-2]
    if command[:2] == ["clearhead", "learn"] and len(command) == 3:
        return f"lessons.run({', '.join([command[2], *turned])})"
    return ", ".join(turned) if turned and not command else code
