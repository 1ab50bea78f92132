"""Lessons from Python, and their notebooks run by Jupyter."""

import ast
import math
import re
import subprocess
import sys

import jupyter_client.manager
import nbclient
import nbformat
import pytest

import clearhead
from clearhead import lessons
from clearhead._clearhead import all_lessons

# These train for most of a minute, and tests/lessons runs them whole; here a few steps must do,
# which show what the page shows, but with other numbers.
STEPS = {11: (300, 2), 15: (120, 10), 18: (800, 8)}
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def test_a_lesson():
    lesson = lessons.run(4, dim=64)
    assert lesson.title == "4. Why divide by √d"
    assert list(lesson.steps) == ["query", "variance", "softmax", "gradient"]
    assert lesson.steps["query"].text.startswith("product  weight")
    assert repr(lesson.steps["query"]) + "\n" == lesson.steps["query"].text
    assert lesson.knobs["dim"].value == "64" and "numbers in a query" in lesson.knobs["dim"].meaning
    assert repr(lesson.figures["gradient"]) == "<clearhead.Figure of 2 curves>"
    assert all(lesson.claims.values())
    assert "✓ The variance of a product is d.\n" in str(lesson)
    assert lessons.run("scaling", dim="64").steps["query"].text == lesson.steps["query"].text


def test_claims_may_fail():
    claims = lessons.run(4, power=0).claims
    assert not claims["Divided by √d, a product has variance 1."]
    assert "✗ Divided by √d, a product has variance 1." in repr(claims)


def test_figures(tmp_path):
    for name, figure in lessons.run(4).figures.items():
        assert figure._repr_png_().startswith(b"\x89PNG")
        assert figure._repr_html_().startswith("<iframe")
        figure.save(tmp_path / f"{name}.svg")
        assert (tmp_path / f"{name}.svg").read_bytes().startswith(b"<?xml")


def test_what_is_no_lesson_and_no_knob():
    for call, message in [
        (lambda: lessons.run(99), "there is no lesson 99; expected a number from 1 to 20"),
        (lambda: lessons.run(4, colour="red"), "--set colour=red: this lesson has no knob of that"),
        (lambda: lessons.run(4, dim=0), "--set dim=0: expected a whole number from 1 to 4096"),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            call()


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """Notebooks by their names, written as a user would write them."""
    folder = tmp_path_factory.mktemp("notebooks")
    subprocess.run([sys.executable, "-m", "clearhead.lessons", folder], check=True)
    return {path.stem: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")}


@pytest.fixture(scope="module")
def kernel():
    """One for all notebooks, since to start it takes longer than most of them."""
    manager, client = jupyter_client.manager.start_new_kernel()
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def shown(cell):
    """What a notebook shows below a cell: by their types."""
    (output,) = cell.outputs
    return output.data


def words(text):
    return re.sub(r"[ -]+", " ", NUMBER.sub("0", text)).strip()


def values(text):
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def alike(page, cell, numbers):
    """Whether a step says what its page does, but for numbers that differ by roundings. How close
    each must be, tests/lessons says."""
    if numbers == "sampled":
        return True
    return words(page) == words(cell) and (
        numbers == "measured"
        or all(
            math.isclose(a, b, rel_tol=0.1, abs_tol=0.011)
            for a, b in zip(values(page), values(cell), strict=True)
        )
    )


@pytest.mark.parametrize("entry", all_lessons(), ids=lambda entry: entry.folder)
def test_notebooks_run(entry, notebooks, kernel):
    notebook = notebooks[entry.folder]
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    is_whole = entry.number not in STEPS
    if not is_whole:
        usual, few = STEPS[entry.number]
        assert f"steps={usual}," in code[0].source
        code[0].source = code[0].source.replace(f"steps={usual},", f"steps={few},")
    kinds = nbformat.v4.new_code_cell("{step.name: step.numbers for step in lesson.steps.values()}")
    notebook.cells.append(kinds)
    runner = nbclient.NotebookClient(notebook, km=kernel[0], timeout=600)
    runner.kc = kernel[1]
    runner.execute()  # throws if a cell fails

    figures = [shown(cell) for cell in code if ".figures[" in cell.source]
    assert all("text/html" in figure and "image/png" in figure for figure in figures)
    assert len(figures) == sum(part.prose.count("](figures/") for part in entry.parts)
    kind = ast.literal_eval(shown(kinds)["text/plain"])
    steps = [cell for cell in code if ".steps[" in cell.source]
    places = [part.output for part in entry.parts if part.output]
    for cell, place in zip(steps, places, strict=True):
        assert f'.steps["{place.step}"]' in cell.source
        text = shown(cell)["text/plain"]
        assert not is_whole or alike(place.text, text, kind[place.step]), text
    (claims,) = [shown(cell)["text/plain"] for cell in code if ".claims" in cell.source]
    assert not is_whole or "✗" not in claims, claims


def test_notebooks_have_no_broken_links(notebooks):
    for name, notebook in notebooks.items():
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        for link in re.findall(r"\]\(([^)]+)\)", text):
            assert link.removesuffix(".ipynb") in notebooks, f"{name}: {link}"
        for of_pages in ("```math", "clearhead learn", "--set "):
            assert of_pages not in text, name
        assert text.count("<details>") == text.count("</details>") > 0, name
        for cell in notebook.cells:
            assert cell.source.count("<details>") == cell.source.count("</details>"), cell.source
