"""The examples in docstrings and in docs/python.md, run."""

import doctest
import pathlib
import re

import pytest

import clearhead
import clearhead.claims
import clearhead.lens
import clearhead.lessons

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "python.md"


def public():
    """Names and what they stand for, of the package and its modules."""
    for module in (clearhead, clearhead.claims, clearhead.lens, clearhead.lessons):
        yield module.__name__, module
        for name in module.__all__:
            yield name, getattr(module, name)


def examples():
    for name, thing in public():
        for part in [thing] + list(vars(thing).values() if isinstance(thing, type) else []):
            text = getattr(part, "__doc__", None) or ""
            if ">>>" in text:
                yield pytest.param(name, text, id=name)


@pytest.mark.parametrize("name, text", list(examples()))
def test_examples(name, text, tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARHEAD_AUDIT_LOG", str(tmp_path / "audit.jsonl"))
    monkeypatch.chdir(PAGE.parent.parent)
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    report = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    assert not report, "".join(report)


def test_everything_says_what_it_is():
    for name, thing in public():
        assert name == "__version__" or thing.__doc__, name


def test_the_page(tmp_path, monkeypatch):
    """All of it runs from top to bottom; `<!-- not run: why -->` leaves a text out."""
    monkeypatch.chdir(tmp_path)
    names = {}
    pattern = r"(<!-- not run: [^\n]*-->\n)?```python\n(.*?)```"
    for left_out, text in re.findall(pattern, PAGE.read_text(), re.DOTALL):
        if not left_out:
            exec(compile(text, str(PAGE), "exec"), names)
