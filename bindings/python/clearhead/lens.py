"""The lens: why a network predicts what it does.

Functions of the cache of a run (``Model.run_with_cache``); ``clearhead lens`` has the same on the
command line, and docs/lens.md the formulas. What is explained is a logit: that of ``token`` (an id,
or what it is written as; None: the likeliest) at ``place`` (the token after which, or at which, it
is predicted), less that of ``other`` if that is given.

>>> import clearhead
>>> from clearhead import lens
>>> logits, cache = clearhead.load("shakespeare").run_with_cache("To be, or not to")
>>> parts = lens.decompose(cache)
>>> abs(sum(value for _, _, value in parts) - logits[0, -1].max()) < 1e-3
np.True_
"""

from typing import Any

from numpy.typing import NDArray

from clearhead import _clearhead
from clearhead._calls import says_what_is_wrong
from clearhead._clearhead import Cache

__all__ = [
    "ablate",
    "decompose",
    "head_scores",
    "logits",
    "norms",
    "patch",
    "rollout",
    "value_zeroing",
]


Token = int | str | None
Effects = tuple[list[str], NDArray[Any]]


def _call(name: str, *args: Any) -> Any:
    return says_what_is_wrong(getattr(_clearhead, "lens_" + name), "lens." + name)(*args)


def logits(cache: Cache) -> dict[str, NDArray[Any]]:
    """The logit lens: what would be predicted if the blocks behind did nothing.

    A dictionary of the residual stream's names to logits [1, T, V], in the order of the layers.
    """
    return _call("logits", cache)


def decompose(
    cache: Cache, token: Token = None, *, other: Token = None, place: int = -1
) -> list[tuple[str, int | None, float]]:
    """The parts of a logit, which sum to it: a list of (name, head or None, value)."""
    return _call("decompose", cache, token, other, place)


def ablate(
    cache: Cache,
    pattern: str = "*.attn.hook_z",
    *,
    by: str = "head",
    token: Token = None,
    other: Token = None,
    place: int = -1,
) -> Effects:
    """What the logit becomes without each place of the values that match ``pattern``, less what it
    is: (names, effects [names, places]). A place is a "head", a "token" or the whole "value"; the
    network is run once for each."""
    return _call("ablate", cache, pattern, by, token, other, place)


def patch(
    cache: Cache,
    source: Cache,
    pattern: str = "*.attn.hook_z",
    *,
    by: str = "head",
    token: Token = None,
    other: Token = None,
    place: int = -1,
    first_order: bool = False,
) -> Effects:
    """The same with each place as it is in ``source``, the cache of a text of as many tokens:
    activation patching, or with ``first_order`` attribution patching, which needs no runs."""
    return _call("patch", cache, source, pattern, by, token, other, place, first_order)


def head_scores(cache: Cache) -> dict[str, NDArray[Any]]:
    """How much each head looks at the token before ("previous_token"), at earlier tokens that are
    the same ("duplicate_token"), and at what came after those ("induction"): [layers, heads] each.
    Best of random tokens that are said twice."""
    return _call("head_scores", cache)


def rollout(cache: Cache) -> NDArray[Any]:
    """How tokens mix through all layers of attention, [T, T], −inf where a query sees no key."""
    return _call("rollout", cache)


def norms(cache: Cache, layer: int, head: int) -> NDArray[Any]:
    """The length of what each key adds to each query, [T, T]. −1 is the last layer, or head."""
    return _call("norms", cache, layer, head)


def value_zeroing(cache: Cache) -> list[NDArray[Any]]:
    """How much each token needs each other in a layer: [T, T] for each layer. Runs the network
    once a token."""
    return _call("value_zeroing", cache)
