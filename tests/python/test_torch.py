"""Attention for PyTorch and transformers, where they are installed."""

import numpy as np
import pytest
from tiny_models import MODELS, tiny_model

torch = pytest.importorskip("torch")

import clearhead  # noqa: E402
from clearhead.torch import attention, register  # noqa: E402


def operands(heads=2, kv_heads=2, queries=3, keys=5):
    torch.manual_seed(0)
    shapes = (1, heads, queries, 4), (1, kv_heads, keys, 4), (1, kv_heads, keys, 3)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize(
    "options",
    [{}, {"is_causal": True}, {"scale": 0.3}, {"softcap": 2.0}, {"way": "by_hand"},
     {"left_window_size": 1}, {"dropout_p": 0.5, "seed": 3}],
)  # fmt: skip
def test_gradcheck(options):
    assert torch.autograd.gradcheck(lambda *x: attention(*x, **options), operands())


def test_gradcheck_of_masks_and_groups():
    mask = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(attention, (*operands(), mask))
    assert torch.autograd.gradcheck(attention, (*operands(), mask > 0))
    grouped = operands(heads=4)
    assert torch.autograd.gradcheck(lambda *x: attention(*x, enable_gqa=True), grouped)


def test_graphs():
    q, k, v = operands()
    y = attention(q, k, v)
    first = torch.autograd.grad(y.sum(), q, retain_graph=True)[0]
    again = torch.autograd.grad(y.sum(), q)[0]
    assert (first == again).all()
    with torch.no_grad():
        assert not attention(q, k, v).requires_grad
    y = attention(q, k, v)
    with torch.no_grad():
        k += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    y = attention(q, k, v)
    y += 1  # what backward reads, too
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    with pytest.raises(clearhead.Error, match="same head size"):
        attention(q, k[..., :3], v)


def test_autocast():
    q, k, v = (x.float() for x in operands())
    with torch.autocast("cpu", torch.bfloat16):
        ours = attention(q.bfloat16(), k, v)
        theirs = torch.nn.functional.scaled_dot_product_attention(q.bfloat16(), k, v)
    assert ours.dtype == theirs.dtype == torch.bfloat16
    assert (ours - theirs).abs().max() < 0.03  # four roundings to bf16


def test_values_of_a_record_are_copies():
    q, k, v = (x.detach() for x in operands())
    before = q.clone()
    steps = clearhead.steps(q, k, v)
    steps["hook_q"].array.zero_()
    assert (q == before).all() and (steps["hook_q"].array == before).all()


def test_what_transformers_wants_and_we_lack():
    q = torch.ones(1, 2, 3, 4)
    for name in ("s_aux", "head_mask"):
        with pytest.raises(clearhead.Error, match=name):
            clearhead.torch.attention_for_transformers(None, q, q, q, None, **{name: q})


def test_other_devices():
    q = torch.ones(2, 3, 4, device="meta")
    with pytest.raises(clearhead.Error, match="processor's memory.*on meta"):
        attention(q, q, q)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_types(dtype):
    tensors = [x.detach().to(dtype).requires_grad_() for x in operands()]
    others = [x.detach().requires_grad_() for x in tensors]
    y = attention(*tensors, is_causal=True)
    expected = torch.nn.functional.scaled_dot_product_attention(*others, is_causal=True)
    y.sum().backward()
    expected.sum().backward()
    assert y.dtype == dtype
    for ours, theirs in zip([y, *(x.grad for x in tensors)], [expected, *(x.grad for x in others)]):
        torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("name", ["gpt2", "llama", "qwen3", "gemma2", "bert", "roberta"])
def test_transformers(name):
    transformers = pytest.importorskip("transformers")
    register(always_weights=name == "gpt2")
    ids = torch.tensor([[3, 4, 5, 6, 7, 8, 9], [3, 4, 5, 6, 1, 1, 1]])
    seen = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
    results = {}
    for way in ("eager", "clearhead"):
        torch.manual_seed(0)
        model = transformers.AutoModel.from_pretrained(
            MODELS / name, attn_implementation=way, dtype=torch.float32
        )
        results[way] = model(ids, attention_mask=seen, output_attentions=True)
        results[way].last_hidden_state[seen.bool()].sum().backward()
        results[way].gradient = next(iter(model.parameters())).grad
    ours, theirs = results["clearhead"], results["eager"]
    there = seen.bool()
    torch.testing.assert_close(
        ours.last_hidden_state[there], theirs.last_hidden_state[there], rtol=0, atol=2e-5
    )
    torch.testing.assert_close(ours.gradient, theirs.gradient, rtol=1e-4, atol=1e-4)
    for a, b in zip(ours.attentions, theirs.attentions, strict=True):
        torch.testing.assert_close(a[0], b[0], rtol=0, atol=1e-5)


def test_the_cache_of_a_model_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    ids = [3, 4, 5, 6, 7, 8, 9]
    model = transformers.AutoModel.from_pretrained(
        MODELS / "gpt2", attn_implementation="eager", dtype=torch.float32
    )
    with torch.no_grad():
        theirs = model(torch.tensor([ids]), use_cache=True, output_attentions=True)
    _, cache = tiny_model("gpt2", tmp_path).run_with_cache(ids)
    for layer, (kept, pattern) in enumerate(zip(theirs.past_key_values.layers, theirs.attentions)):
        scope = f"blocks.{layer}.attn."
        for name, value in [("hook_k", kept.keys), ("hook_v", kept.values)]:  # [B, H, T, D]
            np.testing.assert_allclose(cache[scope + name], value.transpose(1, 2), atol=1e-5)
        np.testing.assert_allclose(cache[scope + "hook_pattern"], pattern, atol=1e-5)
