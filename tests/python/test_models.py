"""Models from Python: what they do, what they calculate, and what hooks change of it."""

import collections.abc
import pathlib

import numpy as np
import pytest
from tiny_models import tiny_model

import clearhead

TEXT = "To be, or not to be"


@pytest.fixture(scope="module")
def shakespeare():
    return clearhead.load("shakespeare")


@pytest.fixture(scope="module")
def run(shakespeare):
    return shakespeare.run_with_cache(TEXT)


def test_what_is_loaded(shakespeare):
    assert shakespeare.name == "shakespeare" and shakespeare.context > 0
    assert "a language model" in repr(shakespeare)
    ids = shakespeare.tokenizer.encode(TEXT)
    assert shakespeare.tokenizer.decode(ids) == TEXT
    assert len(shakespeare.tokenizer.tokens(TEXT)) == len(ids) < len(shakespeare.tokenizer)


def test_a_model_that_is_not_there(tmp_path, monkeypatch):
    with pytest.raises(clearhead.Error, match="no model hamlet: .*captions.*shakespeare"):
        clearhead.load("hamlet")
    monkeypatch.setenv("CLEARHEAD_MODELS", str(tmp_path))
    with pytest.raises(clearhead.Error, match=f"in {tmp_path}, .* there are: captions"):
        clearhead.load("hamlet")
    (tmp_path / "mine").symlink_to(pathlib.Path(clearhead.__file__).parent / "models" / "captions")
    assert clearhead.load("mine").parameters == clearhead.load("captions").parameters


def test_the_cache_is_a_mapping(run):
    logits, cache = run
    assert isinstance(cache, collections.abc.Mapping)
    assert set(cache) == set(cache.keys()) and len(cache) == len(cache.values())
    assert dict(cache.items()).keys() == dict(cache).keys()
    assert "logits" in cache and "nothing" not in cache and cache.get("nothing", 5) == 5
    with pytest.raises(KeyError, match="those most like it: blocks.0.attn.hook_pattern"):
        cache["blocks.0.attn.hook_patern"]
    T = len(cache.tokens)
    assert T == len(cache.ids) and logits.shape[:2] == (1, T)
    assert not any("W_Q" in name for name in cache) and "W_Q" in str(cache["blocks.0.attn.W_Q"])


def test_values_of_the_run_fit_together(run):
    logits, cache = run
    q, k, v = (cache[f"blocks.1.attn.hook_{name}"].array.swapaxes(1, 2) for name in "qkv")
    z = clearhead.scaled_dot_product_attention(q, k, v, is_causal=True).swapaxes(1, 2)
    np.testing.assert_allclose(z, cache["blocks.1.attn.hook_z"], rtol=0, atol=1e-5)
    pattern = cache["blocks.0.attn.hook_pattern"]
    np.testing.assert_array_equal(pattern[0, 3, 5:9], np.asarray(pattern)[0, 3, 5:9])
    likely = np.exp(np.asarray(logits, np.float64))
    likely /= likely.sum(-1, keepdims=True)
    np.testing.assert_allclose(cache.probabilities, likely, rtol=0, atol=1e-6)
    last = cache.predictions(top=3)[-1]
    assert len(last) == 3 and last[0][1] == pytest.approx(likely[0, -1].max(), abs=1e-6)
    explanation = pattern.explain((0, 3, 5, 2))
    assert explanation.value == pytest.approx(explanation.recalculated, abs=1e-6)


def test_axes_are_in_the_order_of_transformer_lens(run):
    _, cache = run
    T, H, D = len(cache.tokens), 6, 64
    x = cache["blocks.1.ln1.hook_normalized"].array[0]  # [T, C]
    for name in "qkv":
        value = cache[f"blocks.1.attn.hook_{name}"]
        assert value.shape == (1, T, H, D) and len(value) == 1 and f"[1, {T}, 6, 64]" in repr(value)
        whole = (x @ cache[f"blocks.1.attn.W_{name.upper()}"].array.T).reshape(1, T, H, D)
        np.testing.assert_allclose(value, whole, rtol=0, atol=1e-4)
        whole = value.array
        assert whole.shape == np.from_dlpack(value).shape == value.shape
        for key in [(0, 5, 3), (0, slice(5, 2, -1), 1), (..., 3, slice(None)), (0, -1), 0, [0]]:
            np.testing.assert_array_equal(value[key], whole[key])
    assert cache["blocks.1.attn.hook_pattern"].shape == (1, H, T, T)


def test_places_of_explanations_are_in_that_order_too(run):
    _, cache = run
    z, v = cache["blocks.1.attn.hook_z"], cache["blocks.1.attn.hook_v"]
    explanation = z.explain((0, 7, 3, -1), depth=2)
    assert explanation.index == (0, 7, 3, 63) and "hook_z[0, 7, 3, 63]" in str(explanation)
    assert explanation.value == z[0, 7, 3, 63]
    of_v = [o for o in explanation.operands if o.name == "blocks.1.attn.hook_v"]
    assert {o.index[1] for o in of_v} >= set(range(8))  # the tokens that it sees
    assert all(o.index[2:] == (3, 63) and o.value == v[o.index] for o in of_v)
    assert all(o.index[1:3] == (3, 7) for o in explanation.operands if "pattern" in o.name)
    with pytest.raises(clearhead.Error, match=rf"does not lie in .* {len(cache.tokens)}, 6, 64\]"):
        z.explain((0, 3, 7, 0))


@pytest.mark.parametrize(
    "names",
    ["blocks.*.hook_pattern", ["blocks.0.*hook_pattern", "*1.attn.hook_pattern"],
     lambda name: name.endswith("hook_pattern")],
)  # fmt: skip
def test_names_that_are_listed(shakespeare, names):
    _, cache = shakespeare.run_with_cache(TEXT, names)
    assert "blocks.0.attn.hook_pattern" in cache.keys()
    assert all(name.endswith("attn.hook_pattern") for name in cache)


def test_hooks(shakespeare, run):
    logits, cache = run
    seen = []

    def silence(z):
        seen.append(z.shape)
        z[:, :, 2] = 0

    changed, after = shakespeare.run_with_cache(TEXT, hooks={"blocks.*.attn.hook_z": silence})
    assert len(seen) == sum(name.endswith("hook_z") for name in cache)
    assert set(seen) == {cache["blocks.0.attn.hook_z"].shape}
    assert (after["blocks.0.attn.hook_z"].array == 0).all((0, 1, 3)).tolist() == [
        head == 2 for head in range(6)
    ]
    assert np.abs(np.asarray(changed) - np.asarray(logits)).max() > 1e-3
    same, _ = shakespeare.run_with_cache(TEXT, hooks={"blocks.*.attn.hook_z": lambda z: z})
    np.testing.assert_array_equal(same, logits)
    doubled, after = shakespeare.run_with_cache(
        TEXT, hooks={"blocks.0.attn.hook_pattern": lambda p: (2 * p.astype(np.float64))}
    )
    np.testing.assert_allclose(
        after["blocks.0.attn.hook_z"], 2 * np.asarray(cache["blocks.0.attn.hook_z"]), atol=1e-5
    )


def test_wrong_texts(shakespeare, run):
    for text in ["", []]:
        with pytest.raises(clearhead.Error, match="no text to read"):
            shakespeare.run_with_cache(text)
    with pytest.raises(clearhead.Error, match="got -1"):
        run[1].predictions(top=-1)


def test_wrong_hooks(shakespeare):
    for hooks, kind, message in [
        ({"hook_nothing": lambda x: x}, clearhead.Error, "hook of hook_nothing: no value"),
        ({"blocks.0.attn.hook_z": lambda z: z[0]}, clearhead.Error, "shape that it got"),
        ({"blocks.0.attn.hook_z": lambda z: "text"}, clearhead.Error, "expected an array"),
        ({"blocks.0.attn.hook_z": lambda z: 1 / 0}, ZeroDivisionError, "division"),
    ]:
        with pytest.raises(kind, match=message):
            shakespeare.run_with_cache(TEXT, hooks=hooks)


def test_calls_within_a_hook(shakespeare, run):
    def reads(z):
        shakespeare.run_with_cache("And more")
        return z

    logits, _ = shakespeare.run_with_cache(TEXT, hooks={"blocks.0.attn.hook_z": reads})
    np.testing.assert_array_equal(logits, run[0])


def test_generate(shakespeare):
    text = shakespeare.generate("ROMEO:", max_tokens=30, seed=3)
    assert text and text == shakespeare.generate("ROMEO:", max_tokens=30, seed=3)
    assert text != shakespeare.generate("ROMEO:", max_tokens=30, seed=4)
    ids = shakespeare.tokenizer.encode("ROMEO:")
    assert shakespeare.generate(ids, max_tokens=30, seed=3) == text
    with pytest.raises(clearhead.Error, match="no chat template"):
        shakespeare.generate([{"role": "user", "content": "Why?"}])
    with pytest.raises(clearhead.Error, match="embed"):
        shakespeare.embed("text")


def test_fill():
    model = clearhead.load("captions")
    likely = model.fill("A man is <mask> a <mask>.", top=4)
    assert [len(tokens) for tokens in likely] == [4, 4]
    assert all(0 <= p <= 1 for tokens in likely for _, p in tokens)
    with pytest.raises(clearhead.Error):
        model.fill("no mask")
    with pytest.raises(clearhead.Error, match="got -1"):
        model.fill("A <mask>", top=-1)


def test_translate():
    model = clearhead.load("en-fr")
    one = model.translate("Two dogs run along the beach.")
    assert "chiens" in one
    assert model.translate(["Two dogs run along the beach.", "A man."])[0] == one
    logits, cache = model.run_with_cache("Two dogs run along the beach.")
    assert cache.translation == one and len(cache.source_tokens) > 3
    assert any("cross" in name for name in cache)


def test_embed(tmp_path):
    model = tiny_model("bert-sentence", tmp_path)
    texts = ["a b c", "d", "a b c " * 100]
    vectors = model.embed(texts)
    assert vectors.dtype == np.float32 and vectors.shape[0] == 3
    for text, vector in zip(texts, vectors):
        np.testing.assert_allclose(model.embed(text), vector, rtol=0, atol=1e-6)
    embedding, cache = model.run_with_cache("a b c")
    np.testing.assert_allclose(embedding[0], vectors[0], rtol=0, atol=1e-6)
    assert cache.logits is None and cache.tokens[0] == "[CLS]"
    assert model.embed([]).shape == (0, vectors.shape[1])


def test_classify(tmp_path):
    model = tiny_model("bert-classifier", tmp_path)
    one = model.classify("a b c")
    assert sum(one.values()) == pytest.approx(1) and len(one) > 1
    assert model.classify(["d", "a b c"])[1] == pytest.approx(one)
    assert model.classify([]) == []
