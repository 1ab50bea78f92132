"""Calls of attention drawn at random, the same for each seed on any machine."""

import numpy as np

# What a case passes beside query, key, value and grad.
OPTIONS = ("attn_mask", "is_causal", "scale", "enable_gqa")


def _layout(random, array):
    """The same numbers, in one of several orders in memory."""
    choice = random.randint(4)
    if choice == 0 and array.ndim >= 3:  # heads beside each other in each row, as layers leave them
        return np.ascontiguousarray(np.swapaxes(array, -3, -2)).swapaxes(-3, -2)
    if choice == 1:  # each second of a larger array
        wide = np.zeros(array.shape[:-1] + (2 * array.shape[-1],), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if choice == 2:  # backward
        return array[..., ::-1, :].copy()[..., ::-1, :]
    return array


def _mask(random, leading, queries, keys, dtype):
    """None, or a mask of true and false or of numbers, of a shape that broadcasts."""
    kind = random.randint(3)
    if kind == 0:
        return None
    shape = [size if random.randint(2) else 1 for size in leading] + [queries, keys]
    shape = shape[random.randint(len(leading) + 1) :]
    if random.randint(4) == 0:
        shape[-2] = 1
    if kind == 1:
        return random.rand(*shape) < 0.7
    mask = random.randn(*shape)
    if random.randint(2):
        mask[random.rand(*shape) < 0.3] = -np.inf
    return mask.astype(dtype)


def attention_case(seed, dtype=np.float64):
    """The arguments of a call as a dictionary, and ``grad``, the gradient of its output."""
    random = np.random.RandomState(seed)
    sizes = random.randint(1, 8, size=4)
    queries, keys, size, value_size = (int(n) for n in sizes)
    leading = tuple(int(n) for n in random.randint(1, 4, size=random.randint(4)))
    enable_gqa = len(leading) > 0 and bool(random.randint(2))
    kv_leading = leading
    if enable_gqa:
        kv_leading = leading
        leading = leading[:-1] + (leading[-1] * int(random.randint(1, 4)),)

    def numbers(*shape):
        return _layout(random, random.randn(*shape).astype(dtype))

    case = {
        "query": numbers(*leading, queries, size),
        "key": numbers(*kv_leading, keys, size),
        "value": numbers(*kv_leading, keys, value_size),
        "attn_mask": _mask(random, leading, queries, keys, dtype),
        "scale": None if random.randint(2) else float(random.rand() + 0.1),
        "enable_gqa": enable_gqa,
    }
    case["is_causal"] = case["attn_mask"] is None and bool(random.randint(2))
    case["grad"] = random.randn(*leading, queries, value_size).astype(dtype)
    return case
