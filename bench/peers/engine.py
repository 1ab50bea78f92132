"""clearhead in this process: through its interface for C, and what that has not through the library
of the peers (libraries.py has both)."""

import ctypes
import functools
import json
from ctypes import POINTER, byref, c_double, c_float, c_int64, c_void_p

import numpy as np

from libraries import (
    Array,
    AttentionGradients,
    AttentionOptions,
    AttentionResults,
    GenerateOptions,
    ModelOptions,
    Text,
    checked,
    library,
    peers,
    peers_succeed,
    succeed,
)

PRECISIONS = ("highest", "high", "medium")
# Of products in bf16, for each target that has instructions for them.
BF16_LIMITS = {"amx": "tile_product", "avx512_bf16": "pair_product"}


def to_bf16(x):
    """f32 to the bits of bf16, rounded to nearest even."""
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


class Attention:
    """Attention of arrays that stay where they are, f32 or the bits of bf16, again and again. y and
    the gradients are written into the same arrays each time: `arrays`, by their names."""

    def __init__(self, cell, q, k, v, precision, keep):
        self.record = c_void_p()
        self.given = q, k, v  # which the operands only point to
        self.operands = [Array.of(x) for x in self.given]
        self.arrays = {"y": np.empty_like(q)}
        if keep:
            self.arrays |= {"dq": np.empty_like(q), "dk": np.empty_like(k), "dv": np.empty_like(v)}
        self.into = {name: Array.of(x) for name, x in self.arrays.items()}
        self.options = AttentionOptions(
            is_causal=cell.is_causal, precision=precision,
            left_window_size=-1, right_window_size=-1,
        )  # fmt: skip
        self.results = AttentionResults(y=ctypes.pointer(self.into["y"]))
        self.kept = byref(self.record) if keep else None
        if keep:
            self.gradients = AttentionGradients(
                **{name: ctypes.pointer(self.into["d" + name]) for name in "qkv"}
            )

    def __del__(self):
        library.clearhead_attention_record_free(self.record)

    def forward(self):
        library.clearhead_attention_record_free(self.record)
        q, k, v = self.operands
        succeed(
            library.clearhead_attention(
                byref(q), byref(k), byref(v), byref(self.options), byref(self.results), self.kept
            )
        )

    def repeat(self, count):
        """Forward so many times, in a loop of C."""
        q, k, v = self.operands
        succeed(
            peers.peers_repeat_attention(
                library.clearhead_attention, count, byref(q), byref(k), byref(v),
                byref(self.options), byref(self.results),
            )
        )  # fmt: skip

    def backward(self, dy):
        succeed(
            library.clearhead_attention_backward(
                self.record, byref(Array.of(dy)), byref(self.gradients)
            )
        )

    def array(self, name):
        """A copy in f32."""
        x = self.arrays[name]
        return x.copy() if x.dtype == np.float32 else from_bf16(x)


class Product:
    """A matrix product, f32; its memory goes with it."""

    def __init__(self, shape, handle):
        self.shape = shape
        self.handle = checked(handle)

    def __del__(self):
        peers.peers_product_free(self.handle)

    def array(self):
        data = ctypes.cast(peers.peers_product_data(self.handle), POINTER(c_float))
        return np.ctypeslib.as_array(data, self.shape).copy()


def product_call(a, b, precision):
    """What multiplies a [M, K] by b [K, N] each time it is called, and returns a Product."""
    (M, K), (_, N) = a.shape, b.shape
    call = M, N, K, precision, a.ctypes.data, b.ctypes.data
    return _call(peers.peers_matmul, call, (M, N), (a, b))


def linear_call(x, w, precision):
    """The same for x [M, K] and w [N, K], f32 or the bits of bf16, transposed."""
    (M, K), (N, _) = x.shape, w.shape
    call = M, N, K, precision, x.ctypes.data, w.ctypes.data, w.dtype == np.uint16
    return _call(peers.peers_linear, call, (M, N), (x, w))


def _call(function, call, shape, factors):
    def multiply():
        return Product(shape, function(*call))

    multiply.factors = factors  # keeps alive what the call has only addresses of
    return multiply


class Result:
    """A tensor that the engine returned; its memory goes with it."""

    def __init__(self, handle):
        self.handle = handle

    def __del__(self):
        library.clearhead_tensor_free(self.handle)

    def array(self):
        """A copy, in f32."""
        array = Array()
        library.clearhead_tensor_array(self.handle, byref(array))
        data = ctypes.cast(array.data, POINTER(c_float))
        return np.ctypeslib.as_array(data, array.shape[: array.rank]).copy()


class Trainer:
    """A decoder in training, made by a recipe: a dict as in recipes/*.json, with the vocabulary."""

    def __init__(self, recipe):
        self.handle = None
        self.handle = checked(peers.peers_trainer_new(json.dumps(recipe).encode()))

    def __del__(self):
        peers.peers_trainer_free(self.handle)

    def weight(self, name):
        """The numbers of a parameter, to be read and written, in one row."""
        count = c_int64()
        address = checked(
            peers.peers_trainer_weight(self.handle, name.encode(), byref(count))
        )
        return np.ctypeslib.as_array(address, (count.value,))

    def loss(self, tokens, targets):
        return self._loss_of(peers.peers_trainer_loss, tokens, targets)

    def step(self, tokens, targets):
        """One step; returns the loss before it."""
        return self._loss_of(peers.peers_trainer_step, tokens, targets)

    def _loss_of(self, function, tokens, targets):
        loss = c_double()
        peers_succeed(function(self.handle, tokens.ctypes.data, targets.ctypes.data, byref(loss)))
        return loss.value

    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        written = np.empty(count, np.int64)
        peers_succeed(
            peers.peers_trainer_generate(
                self.handle, prompt.ctypes.data, len(prompt), count, written.ctypes.data
            )
        )
        return written.tolist()


def open_without_tokenizer(folder):
    """Reads a folder of Hugging Face's for what takes ids, and forgets it."""
    peers_succeed(peers.peers_open_without_tokenizer(str(folder).encode()))


class Model:
    """A model in a folder, calculated with this precision."""

    def __init__(self, folder, precision, keep_bf16=False):
        self.handle = c_void_p()
        options = ModelOptions(keep_bf16=keep_bf16)
        succeed(
            library.clearhead_model_open(
                str(folder).encode(), byref(options), byref(self.handle)
            )
        )
        self.precision = PRECISIONS.index(precision)

    def __del__(self):
        library.clearhead_model_free(self.handle)

    def embed(self, texts):
        """The vectors [N, C] of these texts."""
        given = (Text * len(texts))(*(Text.of(text) for text in texts))
        vectors = c_void_p()
        succeed(
            library.clearhead_model_embed(
                self.handle, given, len(texts), self.precision, byref(vectors)
            )
        )
        return Result(vectors)

    def logits(self, tokens):
        """What it says after each of tokens [T]: [T, V]."""
        logits = c_void_p()
        succeed(
            library.clearhead_model_logits(
                self.handle, tokens.ctypes.data, len(tokens), self.precision, byref(logits)
            )
        )
        return Result(logits)

    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        options = GenerateOptions(tokens=count, top_p=1, precision=self.precision)
        written, length = np.empty(count, np.int64), c_int64()
        succeed(
            library.clearhead_model_generate(
                self.handle, prompt.ctypes.data, len(prompt), byref(options), written.ctypes.data,
                byref(length),
            )
        )  # fmt: skip
        return written[: length.value].tolist()


def set_threads(threads):
    succeed(library.clearhead_set_threads(threads))
    peers_succeed(peers.peers_set_threads(threads))


@functools.cache
def machine():
    return json.loads(checked(peers.peers_machine()))


def has_bf16_products():
    """Whether clearhead has instructions for them in use: else `medium` is `highest`."""
    return machine()["kernel_target"] in BF16_LIMITS


def limits():
    """Names of the limits of what clearhead uses of this machine."""
    of_bf16 = BF16_LIMITS.get(machine()["kernel_target"])
    return ["multiply_add", *([of_bf16] if of_bf16 else []), "memory_read"]


class LimitLoop:
    """A loop that runs into a limit of the machine. EngineError if the machine has none."""

    def __init__(self, name, bytes=0):
        self.handle = None
        self.handle = checked(peers.peers_limit_new(name.encode(), bytes))
        self.work = self.run()

    def __del__(self):
        peers.peers_limit_free(self.handle)

    def run(self):
        return peers.peers_limit_run(self.handle)
