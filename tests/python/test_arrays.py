"""Arrays of others in without a copy, ours out with memory of their own."""

import concurrent.futures
import gc
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

import clearhead


def numbers(*shape, dtype=np.float32, seed=0):
    return np.random.RandomState(seed).randn(*shape).astype(dtype)


def same(x):
    """x as the library sees it: the recorded input of a calculation."""
    return clearhead.steps(x, x, x)["hook_q"].array


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_in_without_a_copy(dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    wide = numbers(6, 4, 10).astype(dtype)
    for x in [
        wide,
        wide.transpose(2, 0, 1),
        wide[::2, ::-1, ::3],
        wide[..., 3:7],
        np.broadcast_to(wide[0, 0], (2, 3, 10)),
        np.lib.stride_tricks.sliding_window_view(wide[0, 0], 4)[None],
        np.asfortranarray(wide),
    ]:
        seen = same(x)
        assert seen.dtype == dtype
        np.testing.assert_array_equal(seen.astype(np.float64), x.astype(np.float64))
        assert np.shares_memory(seen, x)


@pytest.mark.parametrize(
    "x",
    [
        numbers(3, 4).tolist(),
        numbers(3, 4).astype(">f4"),
        numbers(3, 4).astype(">f8"),
        np.frombuffer(b"\0" + numbers(3, 4).tobytes(), np.uint8)[1:].view(np.float32).reshape(3, 4),
    ],
)
def test_what_needs_a_copy(x):
    np.testing.assert_array_equal(same(x), np.asarray(x))


def test_masks_of_lists_and_numbers():
    x = numbers(2, 4)
    causal = clearhead.scaled_dot_product_attention(x, x, x, is_causal=True)
    listed = clearhead.scaled_dot_product_attention(x, x, x, [[True, False], [True, True]])
    assert (listed == causal).all()


def test_out_owns_its_memory():
    x = numbers(64, 32)
    y = clearhead.scaled_dot_product_attention(x, x, x)
    kept = y.copy()
    del x
    gc.collect()
    others = [clearhead.scaled_dot_product_attention(numbers(64, 32), kept, kept) for _ in range(3)]
    assert (y == kept).all() and others
    y[0] = 0  # may be written
    part = clearhead.scaled_dot_product_attention(kept, kept, kept)[3:5]
    gc.collect()
    assert np.isfinite(part).all()


def test_memory_is_given_back():
    class Watched(np.ndarray):
        pass

    x = numbers(8, 4).view(Watched)
    watch = weakref.ref(x)
    y = clearhead.steps(x, x, x)
    del x
    gc.collect()
    assert watch() is not None  # the record needs it
    del y
    gc.collect()
    assert watch() is None


def test_a_value_is_an_array():
    x = numbers(2, 3)
    z = clearhead.steps(x, x, x)["hook_z"]
    assert np.exp(z).shape == z.shape and z.ndim == 4
    assert np.from_dlpack(z).shape == z.shape
    assert np.asarray(z, dtype=np.float64).dtype == np.float64
    assert "hook_z" in repr(z) and z.kind


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_tensors_of_torch(dtype):
    torch = pytest.importorskip("torch")
    q = torch.randn(2, 3, 5, 8).to(getattr(torch, dtype)).transpose(1, 2)
    y = clearhead.scaled_dot_product_attention(q, q, q)
    assert isinstance(y, torch.Tensor) and y.dtype == q.dtype
    expected = torch.nn.functional.scaled_dot_product_attention(q, q, q)
    assert (y - expected).abs().max() < {"float64": 1e-12, "float32": 1e-5}.get(dtype, 3e-2)
    assert torch.from_dlpack(np.ones(3)).sum() == 3
    seen = clearhead.steps(q, q, q)["hook_q"].array
    assert isinstance(seen, torch.Tensor) and torch.equal(seen, q)
    assert seen.data_ptr() != q.data_ptr()  # it may be written to, which q must not notice
    with pytest.raises(clearhead.Error, match="query: expected a tensor without a gradient"):
        clearhead.scaled_dot_product_attention(q.clone().requires_grad_(), q, q)


def test_arrays_of_jax():
    jax = pytest.importorskip("jax")
    q = jax.numpy.ones((2, 5, 8))
    y = clearhead.scaled_dot_product_attention(q, q, q)
    assert isinstance(y, jax.Array)
    np.testing.assert_allclose(y, 1, atol=1e-6)


def test_other_threads_run_meanwhile():
    x = numbers(8, 2048, 64)
    stamps = []
    done = threading.Event()

    def stamp():
        while not done.is_set():
            stamps.append(time.monotonic())

    other = threading.Thread(target=stamp)
    other.start()
    begin = time.monotonic()
    clearhead.scaled_dot_product_attention(x, x, x)
    end = time.monotonic()
    done.set()
    other.join()
    middle = [begin + (end - begin) * part for part in (0.25, 0.75)]
    assert any(middle[0] < when < middle[1] for when in stamps)


def test_daemon_threads_end_with_python():
    calls = """
import threading, time
import numpy as np
import clearhead

x = np.ones((8, 512, 64), np.float32)

def call():
    while True:
        clearhead.scaled_dot_product_attention(x, x, x)

for _ in range(4):
    threading.Thread(target=call, daemon=True).start()
time.sleep(0.2)
"""
    for _ in range(3):
        ended = subprocess.run([sys.executable, "-c", calls], capture_output=True, timeout=60)
        assert (ended.returncode, ended.stderr) == (0, b"")


def test_threads_share_a_pass():
    x, grad = numbers(2, 300, 16), numbers(2, 300, 16, seed=1)
    kept = clearhead.attention_forward(x, x, x)
    expected = kept.backward(grad)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for gradients in pool.map(lambda _: kept.backward(grad), range(60)):
            for ours, theirs in zip(gradients, expected, strict=True):
                assert (ours == theirs).all()
    with pytest.raises(ValueError, match="read-only"):
        kept.output[:] = 0  # backward reads it


def test_threads():
    usual = clearhead.threads()
    clearhead.set_threads(2)
    assert clearhead.threads() == 2
    with pytest.raises(clearhead.Error, match="got -1"):
        clearhead.set_threads(-1)
    clearhead.set_threads(0)
    assert clearhead.threads() == usual


def test_what_is_no_array():
    class Broken:
        def __init__(self, error):
            self.error = error

        def __dlpack__(self, **_):
            raise self.error

        __array__ = __dlpack__

    x = numbers(2, 3)
    with pytest.raises(clearhead.Error, match="key: expected an array.*not today$"):
        clearhead.scaled_dot_product_attention(x, Broken(BufferError("not today")), x)
    for error in (KeyboardInterrupt, MemoryError):
        with pytest.raises(error):
            clearhead.scaled_dot_product_attention(x, Broken(error()), x)
    with pytest.raises(clearhead.Error, match="key: expected an array: .* inhomogeneous"):
        clearhead.scaled_dot_product_attention(x, [[1, 2], [3]], x)
