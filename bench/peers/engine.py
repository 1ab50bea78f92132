"""clearhead in this process, through libclearhead_c.so (clearhead_c.h)."""

import ctypes
import json
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_void_p
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "release" / "lib" / "libclearhead_c.so"
PRECISIONS = ("highest", "high", "medium")


class _AttentionOptions(ctypes.Structure):
    _fields_ = [(name, c_int64) for name in ("B", "H", "G", "T", "S", "D")] + [
        (name, c_int32) for name in ("is_causal", "dtype", "precision", "keep")
    ]


def _load():
    if not LIBRARY.exists():
        raise SystemExit(
            f"{LIBRARY} is missing; scripts/bench builds it, or: cmake --build --preset release"
        )
    library = ctypes.CDLL(str(LIBRARY))
    pointer = c_void_p
    signatures = {
        "clearhead_error": (c_char_p, []),
        "clearhead_data": (pointer, [pointer, c_char_p]),
        "clearhead_free": (None, [pointer]),
        "clearhead_set_threads": (c_int, [c_int32]),
        "clearhead_attention": (pointer, [POINTER(_AttentionOptions), pointer, pointer, pointer]),
        "clearhead_attention_backward": (c_int, [pointer, pointer]),
        "clearhead_matmul": (pointer, [c_int64, c_int64, c_int64, c_int32, pointer, pointer]),
        "clearhead_trainer_new": (pointer, [c_char_p]),
        "clearhead_trainer_free": (None, [pointer]),
        "clearhead_trainer_weight": (POINTER(c_float), [pointer, c_char_p, POINTER(c_int64)]),
        "clearhead_trainer_loss": (c_int, [pointer, pointer, pointer, POINTER(c_double)]),
        "clearhead_trainer_step": (c_int, [pointer, pointer, pointer, POINTER(c_double)]),
        "clearhead_trainer_generate": (c_int, [pointer, pointer, c_int64, c_int64, pointer]),
        "clearhead_model_open": (pointer, [c_char_p, c_int32, c_int32]),
        "clearhead_model_free": (None, [pointer]),
        "clearhead_model_embed": (pointer, [pointer, c_int32, POINTER(c_char_p), c_int64]),
        "clearhead_model_logits": (pointer, [pointer, c_int32, pointer, c_int64]),
        "clearhead_model_generate": (c_int, [pointer, c_int32, pointer, c_int64, c_int64, pointer]),
        "clearhead_machine": (c_char_p, []),
        "clearhead_limit_new": (pointer, [c_char_p, c_int64]),
        "clearhead_limit_run": (c_double, [pointer]),
        "clearhead_limit_free": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


_library = _load()


class EngineError(RuntimeError):
    pass


def _checked(handle):
    if not handle:
        raise EngineError(_library.clearhead_error().decode())
    return handle


def _succeed(failed):
    if failed:
        raise EngineError(_library.clearhead_error().decode())


class Result:
    """What a call of the engine returned; its memory goes with it."""

    def __init__(self, handle):
        self.handle = _checked(handle)

    def __del__(self):
        _library.clearhead_free(self.handle)

    def array(self, name, shape, dtype):
        """A copy in f32."""
        address = _checked(_library.clearhead_data(self.handle, name.encode()))
        count = int(np.prod(shape))
        if dtype == np.float32:
            numbers = np.ctypeslib.as_array(
                ctypes.cast(address, POINTER(ctypes.c_float)), (count,)
            ).copy()
        else:
            numbers = from_bf16(
                np.ctypeslib.as_array(ctypes.cast(address, POINTER(ctypes.c_uint16)), (count,))
            )
        return numbers.reshape(shape)


def to_bf16(x):
    """f32 to the bits of bf16, rounded to nearest even."""
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def attention(cell, q, k, v, precision, keep):
    options = _AttentionOptions(
        cell.B, cell.H, cell.G, cell.T, cell.S, cell.D,
        cell.is_causal, q.dtype != np.float32, precision, keep,
    )  # fmt: skip
    return Result(
        _library.clearhead_attention(byref(options), q.ctypes.data, k.ctypes.data, v.ctypes.data)
    )


def attention_backward(result, dy):
    _succeed(_library.clearhead_attention_backward(result.handle, dy.ctypes.data))


def matmul(a, b, precision):
    (M, K), (_, N) = a.shape, b.shape
    return Result(_library.clearhead_matmul(M, N, K, precision, a.ctypes.data, b.ctypes.data))


class Trainer:
    """A decoder in training, made by a recipe: a dict as in recipes/*.json, with the vocabulary."""

    def __init__(self, recipe):
        self.handle = None
        self.handle = _checked(_library.clearhead_trainer_new(json.dumps(recipe).encode()))

    def __del__(self):
        _library.clearhead_trainer_free(self.handle)

    def weight(self, name):
        """The numbers of a parameter, to be read and written, in one row."""
        count = c_int64()
        address = _checked(
            _library.clearhead_trainer_weight(self.handle, name.encode(), byref(count))
        )
        return np.ctypeslib.as_array(address, (count.value,))

    def loss(self, tokens, targets):
        return self._loss_of(_library.clearhead_trainer_loss, tokens, targets)

    def step(self, tokens, targets):
        """One step; returns the loss before it."""
        return self._loss_of(_library.clearhead_trainer_step, tokens, targets)

    def _loss_of(self, function, tokens, targets):
        loss = c_double()
        _succeed(function(self.handle, tokens.ctypes.data, targets.ctypes.data, byref(loss)))
        return loss.value

    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        written = np.empty(count, np.int64)
        _succeed(
            _library.clearhead_trainer_generate(
                self.handle, prompt.ctypes.data, len(prompt), count, written.ctypes.data
            )
        )
        return written.tolist()


class Model:
    """A model in a folder, calculated with this precision."""

    def __init__(self, folder, precision, keep_bf16=False, tokenizer=True):
        self.handle = None
        self.handle = _checked(
            _library.clearhead_model_open(str(folder).encode(), keep_bf16, tokenizer)
        )
        self.precision = PRECISIONS.index(precision)

    def __del__(self):
        _library.clearhead_model_free(self.handle)

    def embed(self, texts):
        """The vectors of these texts, as the result "y"."""
        array = (c_char_p * len(texts))(*(text.encode() for text in texts))
        return Result(
            _library.clearhead_model_embed(self.handle, self.precision, array, len(texts))
        )

    def logits(self, tokens):
        """What it says after each of tokens [T], as the result "y" [1, T, V]."""
        return Result(
            _library.clearhead_model_logits(
                self.handle, self.precision, tokens.ctypes.data, len(tokens)
            )
        )

    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        written = np.empty(count, np.int64)
        _succeed(
            _library.clearhead_model_generate(
                self.handle, self.precision, prompt.ctypes.data, len(prompt), count,
                written.ctypes.data,
            )
        )  # fmt: skip
        return written.tolist()


def set_threads(threads):
    _succeed(_library.clearhead_set_threads(threads))


def machine():
    return json.loads(_checked(_library.clearhead_machine()))


class LimitLoop:
    """A loop that runs into a limit of the machine. EngineError if the machine has none."""

    def __init__(self, name, bytes=0):
        self.handle = None
        self.handle = _checked(_library.clearhead_limit_new(name.encode(), bytes))
        self.work = self.run()

    def __del__(self):
        _library.clearhead_limit_free(self.handle)

    def run(self):
        return _library.clearhead_limit_run(self.handle)
