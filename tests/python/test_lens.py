"""The lens from Python: what must hold of its numbers."""

import concurrent.futures

import numpy as np
import pytest

import clearhead
from clearhead import lens


@pytest.fixture(scope="module")
def model():
    return clearhead.load("shakespeare")


@pytest.fixture(scope="module")
def run(model):
    return model.run_with_cache("To be, or not to")


def test_logits_of_the_last_layer_are_those_of_the_network(run):
    logits, cache = run
    layers = lens.logits(cache)
    assert list(layers)[0] == "blocks.0.hook_resid_pre"
    np.testing.assert_allclose(list(layers.values())[-1], logits, rtol=0, atol=1e-4)


def test_parts_sum_to_the_logit(run):
    logits, cache = run
    token = int(np.argmax(logits[0, -1]))
    for options, expected in [
        ({}, logits[0, -1, token]),
        ({"token": token, "other": 0}, logits[0, -1, token] - logits[0, -1, 0]),
        ({"token": "e", "place": 3}, logits[0, 3, cache.ids[4] if cache.tokens[4] == "e" else 0]),
    ]:
        parts = lens.decompose(cache, **options)
        if options.get("token") != "e":
            assert sum(p[2] for p in parts) == pytest.approx(float(expected), abs=1e-3)
        assert {name for name, head, _ in parts if head is not None} >= {"blocks.0.attn.hook_z"}


def test_ablation_is_what_a_hook_does(model, run):
    logits, cache = run
    token = int(np.argmax(logits[0, -1]))
    names, effects = lens.ablate(cache, "blocks.1.attn.hook_z", token=token)

    def silence(z):
        z[:, :, 2] = 0

    changed, _ = model.run_with_cache("To be, or not to", hooks={"blocks.1.attn.hook_z": silence})
    assert names == ["blocks.1.attn.hook_z"]
    assert effects[0, 2] == pytest.approx(changed[0, -1, token] - logits[0, -1, token], abs=1e-4)


def test_patching_with_itself_changes_nothing(model, run):
    _, cache = run
    assert np.abs(lens.patch(cache, cache, "blocks.0.attn.hook_z")[1]).max() < 1e-5
    other = model.run_with_cache("To me, or not to")[1]
    names, exact = lens.patch(cache, other, "*.hook_resid_pre", by="token")
    _, first = lens.patch(cache, other, "*.hook_resid_pre", by="token", first_order=True)
    assert exact.shape == first.shape == (len(names), len(cache.tokens))
    assert np.abs(exact).max() > 0


def test_scores_of_heads(model):
    ids = model.tokenizer.encode("wqzxjv") * 2
    scores = lens.head_scores(model.run_with_cache(ids)[1])
    assert scores["induction"].shape == scores["previous_token"].shape
    assert all((0 <= s).all() and (s <= 1).all() for s in scores.values())


def test_weights(run):
    _, cache = run
    T = len(cache.tokens)
    weights = lens.rollout(cache)
    assert weights.shape == (T, T)
    np.testing.assert_allclose(np.where(np.isinf(weights), 0, weights).sum(1), 1, atol=1e-5)
    assert np.isinf(lens.norms(cache, 0, 1)[0, 1]) and lens.norms(cache, 0, 1)[1, 0] >= 0
    layers = lens.value_zeroing(cache)
    np.testing.assert_allclose(np.maximum(layers[0], 0).sum(1)[1:], 1, atol=1e-5)


def test_threads_share_a_run(run):
    _, cache = run
    _, expected = lens.patch(cache, cache, first_order=True)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _, effects in pool.map(
            lambda _: lens.patch(cache, cache, first_order=True), range(8)
        ):
            np.testing.assert_array_equal(effects, expected)


def test_wrong_calls(run):
    _, cache = run
    for call, message in [
        (lambda: lens.decompose(cache, token="two tokens"), "give one"),
        (lambda: lens.decompose(cache, place=99), "place: expected one of"),
        (lambda: lens.ablate(cache, by="layer"), "expected head, token or value"),
        (lambda: lens.ablate(cache, "nothing"), "nothing"),
        (lambda: lens.norms(cache, 0, 99), "head 99"),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            call()
