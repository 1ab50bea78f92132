"""Figures as objects: shown by notebooks, and saved."""

import html

import numpy as np
import pytest

import clearhead

TEXT = "To be, or not"


@pytest.fixture(scope="module")
def cache():
    return clearhead.load("shakespeare").run_with_cache(TEXT)[1]


def test_a_heatmap(tmp_path):
    figure = clearhead.heatmap(np.eye(3), rows=list("abc"), columns=list("xyz"), title="Identity")
    assert figure._repr_png_().startswith(b"\x89PNG")
    shown = figure._repr_html_()
    assert shown.startswith("<iframe") and html.escape("Identity") in shown
    for ending, begins in [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG"),
                           (".html", b"<!DOCTYPE html>")]:  # fmt: skip
        figure.save(tmp_path / f"figure{ending}")
        assert (tmp_path / f"figure{ending}").read_bytes().startswith(begins)
    panels = clearhead.heatmap(np.zeros((2, 3, 3)), titles=["one", "two"], range=(-1, 1))
    assert repr(panels) == "<clearhead.Figure of 2 matrices>"


def test_wrong_heatmaps(tmp_path):
    for call, message in [
        (lambda: clearhead.heatmap(np.zeros(3)), "expected a matrix"),
        (lambda: clearhead.heatmap(np.eye(2), rows=["a"]), "2"),
        (lambda: clearhead.heatmap(np.eye(2), colors="grey"), "violet-to-yellow"),
        (lambda: clearhead.heatmap(np.eye(2)).save(tmp_path / "x.gif"), "a figure ends in one of"),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            call()


def test_the_heads_of_a_run(cache, tmp_path):
    figure = clearhead.attention_heads(cache)
    page = figure.html()
    assert "shakespeare" in page and "://" not in page.replace("http://www.w3.org", "")
    figure.save(tmp_path / "heads.html")
    assert (tmp_path / "heads.html").read_text() == page
    assert figure._repr_html_().count("<iframe") == 1
    assert figure._repr_png_().startswith(b"\x89PNG")
    translation = clearhead.load("en-fr").run_with_cache("Two dogs.")[1]
    page = clearhead.attention_heads(translation).html()
    assert "attention of the translation to the source" in page


def test_heads_of_arrays(cache):
    patterns = [cache[name] for name in cache if name.endswith("hook_pattern")]
    page = clearhead.attention_heads(patterns, cache.tokens, layer=1, title="Hamlet").html()
    assert "Hamlet" in page
    weights = np.full((2, 3, 4), 0.25)
    figure = clearhead.attention_heads(weights, list("abc"), keys=list("wxyz"))
    assert repr(figure) == "<clearhead.Figure of 2 matrices>"
    assert clearhead.attention_heads(weights[0]).html()
    for call, message in [
        (lambda: clearhead.attention_heads(weights, list("ab")), "expected 3 queries"),
        (lambda: clearhead.attention_heads(weights, layer=3), "layer: expected 0 to 0"),
        (lambda: clearhead.attention_heads([weights, weights[:1]]), "layers of one shape"),
        (lambda: clearhead.attention_heads(np.zeros(3)), r"expected \[heads"),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            call()
