"""What wrong calls say: one line, with the argument, what it may be, and what came."""

import inspect
import pickle

import numpy as np
import pytest

import clearhead
from clearhead import claims, lens

X = np.ones((2, 4))


def sdpa(**options):
    return clearhead.scaled_dot_product_attention(X, X, X, **options)


@pytest.fixture(scope="module")
def model():
    return clearhead.load("shakespeare")


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: sdpa(casual=True), "there is no argument casual; those most like it: is_causal"),
        (lambda: sdpa(scale="a"), "scale: expected float or None, got str 'a'"),
        (lambda: sdpa(seed=-1), "seed: expected int, got int -1"),
        (lambda: sdpa(is_causal=1), "is_causal: expected bool, got int 1"),
        (lambda: sdpa(query=X), "query came twice"),
        (lambda: clearhead.scaled_dot_product_attention(X, X), "value is missing"),
        (lambda: clearhead.scaled_dot_product_attention(None, X, X), "query: expected an array"),
        (lambda: clearhead.scaled_dot_product_attention(*10 * [X]), "at most 8 arguments"),
        (lambda: clearhead.heatmap(X, title=5), "heatmap: title: expected str, got int 5"),
        (lambda: clearhead.heatmap(X, range=5), "range: expected tuple.float,float. or None"),
        (lambda: clearhead.load("captions").fill(5), "Model.fill: text: expected str, got int 5"),
        (lambda: lens.rollout(5), "lens.rollout: cache: expected Cache, got int 5"),
        (lambda: claims.read("a", mapping=5), "claims.read: mapping: expected str or PathLike"),
        (lambda: clearhead.load("captions", keep_bf16="a"), "load: keep_bf16: expected bool"),
    ],
)
def test_arguments_of_another_type(call, message):
    with pytest.raises(TypeError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: clearhead.heatmap(X, rows="ab"), "rows: expected a list of names, got str 'ab'"),
        (lambda: clearhead.heatmap(X, rows=[1]), "row"),
        (lambda: sdpa(attn_mask=np.ma.masked_array(X)), "attn_mask: .* filled"),
        (lambda: clearhead.scaled_dot_product_attention(X.astype(np.int8), X, X),
         "query: expected numbers of a floating type, got int64; .*astype"),
        (lambda: clearhead.attention(X[None], X[None] > 0, X[None]), "k: .*, got bool"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit(call, message):
    with pytest.raises(clearhead.Error, match=message):
        call()


def test_errors_of_functions_that_are_called_are_their_own(model):
    def wrong(z):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="^mine$"):
        model.run_with_cache("To be", hooks={"blocks.0.attn.hook_z": wrong})


def test_names_of_rows_are_any_objects():
    map_of = clearhead.heatmap(np.eye(3), rows=range(3), columns=np.array(["a", "b", "c"]))
    page = map_of.html()
    assert all(f'"{name}"' in page or f">{name}<" in page for name in "012abc")


def test_names_of_a_frame():
    pandas = pytest.importorskip("pandas")
    page = clearhead.heatmap(pandas.DataFrame({"one": [1.0], "two": [2.0]}, index=["only"])).html()
    assert all(name in page for name in ["one", "two", "only"])


def test_models_that_are_not_there(tmp_path):
    with pytest.raises(clearhead.Error, match="a folder without tokenizer.json and config.json"):
        clearhead.load(tmp_path)
    with pytest.raises(clearhead.Error, match="no model '': neither a folder nor a file"):
        clearhead.load("")
    with pytest.raises(clearhead.Error, match="a model of claims; clearhead.claims.load opens it"):
        clearhead.load("claims")


def test_cache_and_model(model):
    _, cache = model.run_with_cache("To be, or")
    for wrong in ["blocks.0.attn.hook_patern", ("patern", 0), ("pattern", 99)]:
        with pytest.raises(KeyError, match="there is no value named .*blocks") as error:
            cache[wrong]
        assert "tape" not in str(error.value)
    assert cache["pattern", 1].name == "blocks.1.attn.hook_pattern"
    assert cache["resid_post", 0].name == "blocks.0.hook_resid_post"
    assert cache["post", 0].name == "blocks.0.mlp.hook_post"
    layers = sum(name.endswith("hook_pattern") for name in cache)
    with pytest.raises(clearhead.Error, match="max_tokens: expected 0 or more, got -1"):
        model.generate("To", max_tokens=-1)
    np.testing.assert_array_equal(lens.norms(cache, -1, -1), lens.norms(cache, layers - 1, 5))
    with pytest.raises(clearhead.Error, match="token: expected an id"):
        lens.decompose(cache, token=0.5)


def test_pickling(model):
    again = pickle.loads(pickle.dumps(model))
    text = "To be, or"
    logits, cache = again.run_with_cache(text)
    np.testing.assert_array_equal(logits, model.run_with_cache(text)[0])
    with pytest.raises(TypeError, match="a Cache cannot be pickled; .* as arrays"):
        pickle.dumps(cache)
    assert pickle.loads(pickle.dumps(clearhead.heatmap)) is clearhead.heatmap
    assert pickle.loads(pickle.dumps(clearhead.Error("why"))).args == ("why",)


def test_signatures():
    signature = inspect.signature(clearhead.scaled_dot_product_attention)
    assert list(signature.parameters)[:4] == ["query", "key", "value", "attn_mask"]
    assert signature.parameters["scale"].default is None
    assert signature.parameters["softcap"].kind is inspect.Parameter.KEYWORD_ONLY
    assert str(signature.parameters["way"]) == "way: 'str' = 'automatic'"
    assert str(inspect.signature(clearhead.Model.fill)).startswith("(self, text: 'str', top: 'int'")
    assert clearhead.heatmap.__doc__.startswith("A figure of a matrix")
    for name in clearhead.__all__:
        thing = getattr(clearhead, name)
        if callable(thing) and not isinstance(thing, type):
            assert inspect.signature(thing), name


def test_the_package_shows_what_is_public():
    assert "lens" in dir(clearhead) and "claims" in dir(clearhead) and "torch" in dir(clearhead)
    assert not {"os", "Path", "Mapping"} & set(dir(clearhead))
    assert f"{clearhead.Error.__module__}.{clearhead.Value.__module__}" == "clearhead.clearhead"
    with pytest.raises(AttributeError, match="has no attribute 'lenz'"):
        clearhead.lenz
