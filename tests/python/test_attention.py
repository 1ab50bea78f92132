"""Attention of arrays: the cases of PyTorch's own tests of its function, written anew from its
documentation, what PyTorch said of random calls, and what only clearhead has."""

import csv
import math
import pathlib

import numpy as np
import pytest

import clearhead
from attention_cases import OPTIONS, attention_case
from clearhead import scaled_dot_product_attention

HERE = pathlib.Path(__file__).parent


def reference(query, key, value, attn_mask=None, is_causal=False, scale=None, enable_gqa=False):
    """The program in PyTorch's documentation, in float64; a query that sees no key gets zeros."""
    query, key, value = (np.asarray(x, np.float64) for x in (query, key, value))
    queries, keys = query.shape[-2], key.shape[-2]
    bias = np.zeros((queries, keys))
    if is_causal:
        bias = np.where(np.tril(np.ones((queries, keys), bool)), 0.0, -np.inf)
    if attn_mask is not None:
        mask = np.asarray(attn_mask)
        bias = bias + (np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask)
    if enable_gqa:
        key = np.repeat(key, query.shape[-3] // key.shape[-3], axis=-3)
        value = np.repeat(value, query.shape[-3] // value.shape[-3], axis=-3)
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ np.swapaxes(key, -1, -2) * factor + bias
    highest = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isinf(highest), 0.0, highest))
    total = weights.sum(-1, keepdims=True)
    return (weights / np.where(total == 0, 1, total)) @ value


def numbers(*shape, seed=0, dtype=np.float32):
    return np.random.RandomState(seed).randn(*shape).astype(dtype)


def operands(batch=(2, 3), queries=5, keys=7, size=8, value_size=6, dtype=np.float32):
    return (
        numbers(*batch, queries, size, seed=1, dtype=dtype),
        numbers(*batch, keys, size, seed=2, dtype=dtype),
        numbers(*batch, keys, value_size, seed=3, dtype=dtype),
    )


@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (2, 1, 3), (1, 2, 2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_causal", [False, True])
def test_any_leading_axes(batch, dtype, is_causal):
    q, k, v = operands(batch, dtype=dtype)
    y = scaled_dot_product_attention(q, k, v, is_causal=is_causal)
    assert y.dtype == dtype and y.shape == batch + (5, 6)
    np.testing.assert_allclose(y, reference(q, k, v, is_causal=is_causal), rtol=0, atol=1e-5)


def test_leading_axes_broadcast():
    q, k, v = operands()
    for key, value in [(k[:1], v[:, :1]), (k[0], v), (k[:, :1], v[0, 0])]:
        y = scaled_dot_product_attention(q, key, value)
        np.testing.assert_allclose(y, reference(q, key, value), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "shape", [(7,), (1,), (5, 7), (1, 7), (5, 1), (3, 5, 7), (1, 5, 7), (2, 1, 1, 7), (2, 3, 5, 7)]
)
@pytest.mark.parametrize("kind", ["bool", "number"])
def test_masks_broadcast(shape, kind):
    mask = numbers(*shape, seed=9)
    if kind == "bool":
        mask = mask > 0
    for q, k, v in [operands(), operands(batch=(2, 2, 3))]:
        y = scaled_dot_product_attention(q, k, v, attn_mask=mask)
        np.testing.assert_allclose(y, reference(q, k, v, mask), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["bool", "number"])
def test_a_query_that_sees_no_key_gets_zeros(kind):
    q, k, v = operands()
    sees = np.ones((5, 7), bool)
    sees[2] = False
    mask = sees if kind == "bool" else np.where(sees, 0.0, -np.inf).astype(np.float32)
    y = scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert (y[:, :, 2] == 0).all() and np.isfinite(y).all()
    gradients = clearhead.attention_backward(np.ones_like(y), q, k, v, attn_mask=mask)
    assert all(np.isfinite(g).all() for g in gradients)
    assert (gradients[0][:, :, 2] == 0).all()


@pytest.mark.parametrize("queries, keys", [(5, 7), (7, 5), (1, 4), (4, 1)])
def test_causal_is_aligned_at_the_upper_left(queries, keys):
    q, k, v = operands(queries=queries, keys=keys)
    y = scaled_dot_product_attention(q, k, v, is_causal=True)
    np.testing.assert_allclose(y[:, :, 0], v[:, :, 0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(y, reference(q, k, v, is_causal=True), rtol=0, atol=1e-5)


@pytest.mark.parametrize("scale", [None, 1.0, 0.3, -1.0, 0.0])
def test_scale(scale):
    q, k, v = operands()
    y = scaled_dot_product_attention(q, k, v, scale=scale)
    np.testing.assert_allclose(y, reference(q, k, v, scale=scale), rtol=0, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2, 3, 6])
def test_grouped_heads(heads):
    q = numbers(2, 6, 5, 8)
    k, v = numbers(2, heads, 7, 8, seed=1), numbers(2, heads, 7, 4, seed=2)
    y = scaled_dot_product_attention(q, k, v, enable_gqa=True)
    np.testing.assert_allclose(y, reference(q, k, v, enable_gqa=True), rtol=0, atol=1e-5)
    if heads not in (1, 6):
        with pytest.raises(clearhead.Error, match="broadcast"):
            scaled_dot_product_attention(q, k, v)


def test_without_keys():
    q, k, v = operands(keys=0)
    assert (scaled_dot_product_attention(q, k, v) == 0).all()


@pytest.mark.parametrize("dtype, error", [("float16", 2e-3), ("bfloat16", 2e-2)])
def test_16_bits(dtype, error):
    dtype = pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype
    q, k, v = (x.astype(dtype) for x in operands())
    y = scaled_dot_product_attention(q, k, v, is_causal=True)
    assert y.dtype == dtype
    expected = reference(q, k, v, is_causal=True)
    np.testing.assert_allclose(y.astype(np.float64), expected, rtol=0, atol=error)


def test_huge_scores():
    q, k, v = operands()
    y = scaled_dot_product_attention(q * 1e4, k, v)
    np.testing.assert_allclose(y, reference(q * 1e4, k, v), rtol=0, atol=1e-4)


def test_dropout():
    q, k = numbers(1, 2, 64, 8), numbers(1, 2, 64, 8, seed=1)
    v = np.broadcast_to(np.eye(64, dtype=np.float32), (1, 2, 64, 64))
    whole = scaled_dot_product_attention(q, k, v)  # the weights themselves
    dropped = scaled_dot_product_attention(q, k, v, dropout_p=0.25)
    kept = dropped != 0
    assert abs(kept.mean() - 0.75) < 0.02
    np.testing.assert_allclose(dropped[kept], whole[kept] / 0.75, rtol=1e-4)
    again = scaled_dot_product_attention(q, k, v, dropout_p=0.25)
    other = scaled_dot_product_attention(q, k, v, dropout_p=0.25, seed=1)
    assert (again == dropped).all() and (other != dropped).any()
    with pytest.raises(clearhead.Error, match="1.5"):
        scaled_dot_product_attention(q, k, v, dropout_p=1.5)


def test_wrong_operands():
    q, k, v = operands()
    attention = scaled_dot_product_attention
    wrong = [
        (lambda: attention(q[0, 0, 0], k, v), r"at least 2 axes.*got \[8\]"),
        (lambda: attention(q, k[..., :7], v), "same head size"),
        (lambda: attention(q, k[:, :, :6], v), "same length"),
        (lambda: attention(q, k.astype(np.float64), v), "one floating type.*k f64"),
        (lambda: attention(q.astype(np.int64), k, v), "of a floating type, got int64"),
        (lambda: attention(q, k, v, np.ones((5, 7), np.int64)), "bool or a floating type"),
        (lambda: attention(q, k, v, np.ones((1, 1, 2, 3, 5, 7), bool)), r"\[1, 1, 2, 3, 5, 7\]"),
        (lambda: attention(q, k, v, np.ones((5, 6), bool)), r"attn_mask \[5, 6\] does not"),
        (lambda: attention(q, k, v, scale=math.inf), "scale"),
        (lambda: attention(q, k, v, precision="low"), "highest, high or medium, got low"),
        (lambda: attention(q.astype(complex), k, v), "query: expected an array.*complex128"),
        (lambda: attention("text", k, v), "query: expected an array"),
        (lambda: clearhead.attention_backward(q, q, k, v), r"expected \[2, 3, 5, 6\], got"),
    ]
    for call, message in wrong:
        with pytest.raises(clearhead.Error, match=message):
            call()
    assert issubclass(clearhead.Error, ValueError)


def test_what_torch_said():
    """tools/attention-golden wrote it."""
    with (HERE / "torch_attention.csv").open() as file:
        rows = list(csv.reader(file))
    said = {(int(row[0]), row[1]): np.array(row[2:], float) for row in rows}
    for seed in sorted({seed for seed, _ in said}):
        case = attention_case(seed)
        grad = case.pop("grad")
        gradients = clearhead.attention_backward(grad, **case)
        results = {"output": scaled_dot_product_attention(**case)}
        results |= {f"{n}.grad": g for n, g in zip(("query", "key", "value"), gradients)}
        for name, array in results.items():
            expected = said[seed, name].reshape(array.shape)
            np.testing.assert_allclose(array, expected, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("dtype, error", [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_500_random_calls_agree_with_torch(dtype, error):
    torch = pytest.importorskip("torch")
    for seed in range(500):
        case = attention_case(seed, dtype)
        grad = case.pop("grad")
        options = {name: case[name] for name in OPTIONS}
        tensors = [torch.tensor(case[n].copy()).requires_grad_() for n in ("query", "key", "value")]
        mask = options["attn_mask"]
        if mask is not None:
            options["attn_mask"] = torch.tensor(mask, requires_grad=mask.dtype != bool)
        expected = torch.nn.functional.scaled_dot_product_attention(*tensors, **options)
        expected.backward(torch.tensor(grad))
        want_mask = mask is not None and mask.dtype != bool
        results = [scaled_dot_product_attention(**case)]
        results += clearhead.attention_backward(grad, **case, mask_gradient=want_mask)
        wanted = [expected.detach()] + [t.grad for t in tensors]
        if want_mask:
            wanted.append(options["attn_mask"].grad)
        for ours, theirs in zip(results, wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=error, err_msg=f"seed {seed}")


def test_options_of_onnx():
    q, k, v = operands(queries=7)
    window = np.abs(np.subtract.outer(np.arange(7), np.arange(7))) <= 2
    y = scaled_dot_product_attention(q, k, v, left_window_size=2, right_window_size=2)
    np.testing.assert_allclose(y, reference(q, k, v, attn_mask=window), rtol=0, atol=1e-5)
    causal = scaled_dot_product_attention(q, k, v, attn_mask=window, is_causal=True)
    np.testing.assert_allclose(causal, reference(q, k, v, np.tril(window)), rtol=0, atol=1e-5)
    capped = scaled_dot_product_attention(q, k, v, softcap=0.5)
    assert np.abs(capped - reference(q, k, v)).max() > 1e-3
    by_hand = scaled_dot_product_attention(q, k, v, softcap=0.5, way="by_hand")
    np.testing.assert_allclose(capped, by_hand, rtol=0, atol=1e-6)


def test_the_operator_of_onnx():
    q, k, v = operands(queries=2, keys=2)
    past_key, past_value = numbers(2, 3, 4, 8, seed=5), numbers(2, 3, 4, 6, seed=6)
    y, keys, values, scores = clearhead.attention(
        q, k, v, past_key=past_key, past_value=past_value, is_causal=True, qk_matmul_output_mode=0
    )
    assert (keys == np.concatenate([past_key, k], 2)).all()
    assert (values == np.concatenate([past_value, v], 2)).all()
    sees = np.tril(np.ones((2, 6), bool), 4)
    np.testing.assert_allclose(y, reference(q, keys, values, sees), rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        scores, q @ keys.swapaxes(-1, -2) / math.sqrt(8), rtol=0, atol=1e-5
    )
    _, keys, values, scores = clearhead.attention(q, k, v)
    assert scores is None
    assert (keys == k).all() and not np.shares_memory(keys, k)
    assert (values == v).all() and not np.shares_memory(values, v)
    flat = lambda x: np.swapaxes(x, 1, 2).reshape(2, 2, -1)  # noqa: E731
    three, *_ = clearhead.attention(flat(q), flat(k), flat(v), q_num_heads=3, kv_num_heads=3)
    np.testing.assert_allclose(three, flat(reference(q, k, v)), rtol=0, atol=1e-5)


def test_gradients_are_those_of_differences():
    case = attention_case(11)
    grad = case.pop("grad")
    d_query = clearhead.attention_backward(grad, **case)[0]
    query = case.pop("query").copy()
    for place in [(0,) * query.ndim, tuple(n - 1 for n in query.shape)]:
        sides = []
        for step in (1e-5, -1e-5):
            moved = query.copy()
            moved[place] += step
            sides.append((scaled_dot_product_attention(moved, **case) * grad).sum())
        assert abs((sides[0] - sides[1]) / 2e-5 - d_query[place]) < 1e-6


def test_every_step():
    q, k, v = operands()
    grad = np.ones((2, 3, 5, 6), np.float32)
    steps = clearhead.steps(q, k, v, is_causal=True, grad=grad)
    assert {"hook_q", "hook_k", "hook_v", "hook_raw_scores", "hook_mask", "hook_attn_scores",
            "hook_pattern", "hook_z"} <= steps.keys()
    pattern = steps["hook_pattern"]
    assert pattern.shape == (2, 3, 5, 7) and pattern.dtype == "float32" and len(pattern) == 2
    np.testing.assert_allclose(np.asarray(pattern).sum(-1), 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(steps["hook_z"], reference(q, k, v, is_causal=True), atol=1e-5)
    d_v = clearhead.attention_backward(grad, q, k, v, is_causal=True)[2]
    np.testing.assert_allclose(steps["hook_v"].grad, d_v, rtol=0, atol=1e-5)
    assert "looks at each key" in pattern.meaning
    z = steps["hook_z"].explain((0, 1, 2, -1))
    assert z.index == (0, 1, 2, 5) and abs(z.value - z.recalculated) < 1e-6
    assert any(o.name == "hook_pattern" for o in z.operands)
    assert "hook_z" in str(z)
    deep = steps["hook_z"].explain((0, 1, 2, 3), depth=-1)
    assert deep.operands[0].operands
    assert steps["hook_v"].explain((0, 0, 0, 0), gradient=True).name == "hook_v_grad"


def test_tiles_of_a_view_are_those_of_the_whole():
    q, k, v = operands(batch=(1, 2), queries=40, keys=50)
    fused = clearhead.steps(q, k, v, way="fused")["hook_pattern"]
    whole = np.asarray(fused)
    np.testing.assert_allclose(whole, clearhead.steps(q, k, v)["hook_pattern"], atol=1e-6)
    for key in [
        0, -1, (0, 1), (0, 1, 3, 4), (..., 3), (0, ..., slice(5, 9)), (0, None, 1),
        (slice(None), 1, slice(2, 30, 3)), (0, 0, slice(30, 2, -4), slice(None, None, -1)),
        (0, 0, slice(9, 3)), [0],
        (0, np.array([1, 0]), 3), np.int64(0),
    ]:  # fmt: skip
        np.testing.assert_array_equal(fused[key], whole[key], err_msg=str(key))
    with pytest.raises(IndexError, match="axis 1 with size 2"):
        fused[0, 2]
    with pytest.raises(ValueError, match="read-only"):
        whole[0] = 1
