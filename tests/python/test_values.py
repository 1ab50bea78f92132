"""A value is a read-only array: what arrays can do, it can."""

import copy
import operator
import pickle

import numpy as np
import pytest

import clearhead

UNARY = [operator.neg, operator.pos, abs]
BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow, operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
]  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return clearhead.load("shakespeare").run_with_cache("To be, or not to be")


@pytest.fixture(scope="module")
def pattern(run):
    return run[1]["blocks.0.attn.hook_pattern"]


@pytest.mark.filterwarnings("ignore:.*encountered in")  # of zeros
def test_operators(pattern):
    whole = pattern.array
    for function in UNARY:
        np.testing.assert_array_equal(function(pattern), function(whole))
    for function in BINARY:
        for other in [2, 0.5, whole, np.float32(3), whole[0]]:
            np.testing.assert_array_equal(function(pattern, other), function(whole, other))
            np.testing.assert_array_equal(function(other, pattern), function(other, whole))
        np.testing.assert_array_equal(function(pattern, pattern), function(whole, whole))
    np.testing.assert_array_equal(pattern @ pattern, whole @ whole)
    np.testing.assert_array_equal(whole @ pattern, whole @ whole)
    np.testing.assert_array_equal(~(pattern > 0.5), whole <= 0.5)


def test_methods_and_properties(run):
    logits, cache = run
    whole = logits.array
    assert logits.argmax(-1).tolist() == whole.argmax(-1).tolist()
    for name in ["mean", "sum", "max", "min", "std", "tolist", "any", "flatten", "copy"]:
        np.testing.assert_array_equal(getattr(logits, name)(), getattr(whole, name)())
    np.testing.assert_array_equal(logits.T, whole.T)
    np.testing.assert_array_equal(logits.reshape(-1), whole.reshape(-1))
    np.testing.assert_array_equal(list(logits)[0], whole[0])
    np.testing.assert_array_equal(np.concatenate([logits, logits]), np.concatenate([whole] * 2))
    assert logits.dtype == np.float32 and isinstance(logits.dtype, np.dtype)
    assert logits.size == whole.size and logits.nbytes == whole.nbytes
    assert whole[0, 0, 0] in logits and float(logits.max()) == float(whole.max())
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'argmaks'"):
        logits.argmaks(-1)


def test_it_is_read_only_and_has_no_truth(pattern):
    with pytest.raises(TypeError, match="item assignment"):
        pattern[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        pattern.fill(0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(pattern)
    with pytest.raises(TypeError, match="unhashable"):
        hash(pattern)


def test_keys_as_of_arrays(pattern):
    whole = pattern.array
    with pytest.raises(IndexError, match=f"index {2**70} is out of bounds for axis 0"):
        pattern[2**70]
    for key in [None, (None, 0), np.newaxis, whole > 0.5, (..., None), ([0], [1])]:
        np.testing.assert_array_equal(pattern[key], whole[key])


def test_what_is_asked_about_calculates_nothing(monkeypatch):
    """Notebooks ask objects for methods that they may have, which must cost nothing."""
    x = np.ones((1, 1, 4096, 1), np.float32)
    pattern = clearhead.steps(x, x, x)["hook_pattern"]  # 64 MiB, if it were calculated
    for name in ["_repr_latex_", "_ipython_display_", "__array_interface__", "nothing"]:
        assert not hasattr(pattern, name)
    assert pattern[0, 0, 5, :3].tolist() == [1 / 4096] * 3


def test_editors_complete_names(run):
    logits, cache = run
    assert {"explain", "formula", "argmax", "mean", "T"} <= set(dir(logits))
    assert cache._ipython_key_completions_() == list(cache)


def test_conversions(pattern):
    assert np.asarray(pattern, np.float64).dtype == np.float64
    assert np.array(pattern).flags.writeable and not np.asarray(pattern).flags.writeable
    with pytest.raises(ValueError, match="copy"):
        np.asarray(pattern, np.float64, copy=False)


def test_copies_are_arrays(pattern):
    for same in [copy.copy(pattern), copy.deepcopy(pattern), pickle.loads(pickle.dumps(pattern))]:
        assert type(same) is np.ndarray
        np.testing.assert_array_equal(same, pattern)


def test_values_of_tensors():
    torch = pytest.importorskip("torch")
    q = torch.randn(2, 3, 5, 8)
    pattern = clearhead.steps(q, q, q)["hook_pattern"]
    assert pattern.dtype == torch.float32 and isinstance(1 - pattern, torch.Tensor)
    assert pattern.sum(-1).allclose(torch.ones(()))


def test_an_explanation_is_shown_as_its_text(pattern):
    explanation = pattern.explain((0, 3, 5, 2))
    assert repr(explanation) == str(explanation)
    assert "hook_pattern[0, 3, 5, 2]" in repr(explanation)


def test_the_cache_is_shown_as_a_table(run):
    _, cache = run
    assert repr(cache) == f"<clearhead.Cache of {len(cache)} values: shakespeare read 19 tokens>"
    table = cache._repr_html_()
    assert table.count("<tr>") == 1 + len(cache)
    assert "<td>blocks.0.attn.hook_q</td><td>[1, 19, 6, 64]</td>" in table


def test_gradients_where_none_were_asked_for(pattern):
    assert pattern.grad is None
    x = np.eye(2)
    assert clearhead.steps(x, x, x)["hook_q"].grad is None
    steps = clearhead.steps(x, x, x, [[True, False], [True, True]], grad=x)
    assert steps["hook_q"].grad.shape == (2, 2)
    assert steps["attn_mask"].grad is None


def test_places_that_are_none(pattern):
    for place in ["a", slice(1), 0.5, None, ("a", 0, 0, 0)]:
        with pytest.raises((clearhead.Error, TypeError), match="explain: |index: expected"):
            pattern.explain(place)
