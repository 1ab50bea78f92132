"""Texts as tokenizers give them, and what is said of those that are none."""

import numpy as np
import pytest
from tiny_models import tiny_model

import clearhead

TEXT = "To be, or not to be"


@pytest.fixture(scope="module")
def model():
    return clearhead.load("shakespeare")


def forms_of(ids):
    yield ids
    yield tuple(ids)
    yield np.array(ids)
    yield np.array([ids], np.int32)
    yield [ids]


def test_ids_in_all_forms(model):
    ids = model.tokenizer.encode(TEXT)
    expected, _ = model.run_with_cache(TEXT)
    for form in forms_of(ids):
        np.testing.assert_array_equal(model.run_with_cache(form)[0], expected)
        assert model.generate(form, max_tokens=3, seed=1) == model.generate(
            TEXT, max_tokens=3, seed=1
        )


def test_ids_of_torch(model):
    torch = pytest.importorskip("torch")
    ids = torch.tensor(model.tokenizer.encode(TEXT))
    expected, _ = model.run_with_cache(TEXT)
    for form in [ids, ids[None], ids.int()]:
        np.testing.assert_array_equal(model.run_with_cache(form)[0], expected)


@pytest.mark.parametrize(
    "text, message",
    [
        (["To", "be"], "got a list of texts; give one after the other"),
        ([[1, 2], [3, 4]], "got a batch of 2; give one after the other"),
        (np.ones((3, 5), int), "got a batch of 3"),
        ([[1, 2], [3]], "NumPy says: "),
        ([1e9], r"got list \[1000000000.0\]"),
        (5, "got int 5"),
        (None, "text: expected"),
        ([], "no text to read"),
        ({"input_ids": [[1, 2]]}, "got dict; give its input_ids"),
    ],
)
def test_what_is_no_text(model, text, message):
    with pytest.raises((clearhead.Error, TypeError), match=message):
        model.run_with_cache(text)


def test_texts_to_embed(tmp_path):
    model = tiny_model("bert-sentence", tmp_path)
    vector = model.embed("a b c")
    ids = model.tokenizer.encode("a b c")
    for form in forms_of(ids):
        np.testing.assert_allclose(np.squeeze(model.embed(form)), vector, rtol=0, atol=1e-6)
    assert model.embed(ids).shape == vector.shape and model.embed([ids]).shape[0] == 1
    two = model.embed(np.array(["a b c", "d"]))
    np.testing.assert_allclose(two, model.embed([ids, "d"]), rtol=0, atol=1e-6)
    for texts, message in [
        (["a", 3], "texts: expected one text, .* got int 3"),
        (3, "got int 3"),
        (np.ones((2, 3), int), "give a list of the ids of each"),
        ({"input_ids": [1]}, "input_ids"),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            model.embed(texts)
