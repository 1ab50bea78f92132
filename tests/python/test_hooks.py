"""Hooks in the forms of TransformerLens, and that nothing keeps them for ever."""

import functools
import gc
import weakref

import numpy as np
import pytest

import clearhead
from clearhead import lens

TEXT = "To be, or not to be"


@pytest.fixture(scope="module")
def model():
    return clearhead.load("shakespeare")


def silence(z, head=3):
    z[:, :, head] = 0


def test_pairs_are_hooks_too(model):
    name = "blocks.1.attn.hook_z"
    expected, _ = model.run_with_cache(TEXT, hooks={name: silence})
    for hooks in [[(name, silence)], ((name, silence),)]:
        np.testing.assert_array_equal(model.run_with_cache(TEXT, hooks=hooks)[0], expected)
    twice = [(name, silence), (name, functools.partial(silence, head=2))]
    _, cache = model.run_with_cache(TEXT, hooks=twice)
    assert (cache[name][:, :, 2:4] == 0).all()


def test_a_hook_knows_its_name(model):
    seen = []

    def look(z, hook):
        seen.append(hook.name)

    def head_of(z, hook, head):
        if hook.name == "blocks.1.attn.hook_z":
            silence(z, head)

    model.run_with_cache(TEXT, hooks=[("blocks.*.attn.hook_z", look)])
    assert seen == [f"blocks.{layer}.attn.hook_z" for layer in range(len(seen))] and len(seen) > 1
    hooks = {"blocks.*.attn.hook_z": functools.partial(head_of, head=3)}
    expected, _ = model.run_with_cache(TEXT, hooks={"blocks.1.attn.hook_z": silence})
    np.testing.assert_array_equal(model.run_with_cache(TEXT, hooks=hooks)[0], expected)


@pytest.mark.parametrize("hooks", [{"x": 3}, [silence], silence, [("x",)], {3: silence}, ["ab"]])
def test_what_is_no_hook(model, hooks):
    with pytest.raises(clearhead.Error, match="hooks: expected functions by names"):
        model.run_with_cache(TEXT, hooks=hooks)


def test_a_hook_that_refers_to_its_cache_is_let_go_of(model):
    class Watched:
        pass

    def run():
        kept = {"watched": Watched()}

        def hook(z):
            kept.get("cache")

        kept["logits"], kept["cache"] = model.run_with_cache(
            TEXT, hooks={"blocks.0.attn.hook_z": hook}
        )
        return weakref.ref(kept["watched"])

    watch = run()
    gc.collect()
    assert watch() is None


def test_a_hook_lives_as_long_as_its_cache(model):
    def run():
        calls = []
        _, cache = model.run_with_cache(TEXT, hooks={"blocks.0.attn.hook_z": calls.append})
        return calls, cache

    calls, cache = run()
    gc.collect()
    before = len(calls)
    lens.ablate(cache, "blocks.1.attn.hook_z")
    assert len(calls) > before
