"""clearhead in this process: through its interface for C, libclearhead_c.so
(bindings/c/clearhead.h), and what that has not through libclearhead_peers.so (peers_c.h)."""

import ctypes
import functools
import json
from ctypes import POINTER, byref, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_size_t
from ctypes import c_void_p
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "release" / "lib" / "libclearhead_c.so"
PEERS_LIBRARY = LIBRARY.with_name("libclearhead_peers.so")
PRECISIONS = ("highest", "high", "medium")
# Of products in bf16, for each target that has instructions for them.
BF16_LIMITS = {"amx": "tile_product", "avx512_bf16": "pair_product"}

ABI = 1
F32, BF16, I64 = 1, 4, 5  # clearhead_dtype


class _Array(ctypes.Structure):
    """clearhead_array"""

    _fields_ = [
        ("data", c_void_p), ("dtype", c_int32), ("rank", c_int32),
        ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)),
    ]  # fmt: skip

    @classmethod
    def of(cls, array):
        """A row-major NumPy array, which must outlive it; bf16 as its bits."""
        assert array.flags.c_contiguous
        dtype = {"f4": F32, "u2": BF16, "i8": I64}[array.dtype.str[1:]]
        shape = (c_int64 * array.ndim)(*array.shape)
        return cls(array.ctypes.data, dtype, array.ndim, shape, None)


class _Sized(ctypes.Structure):
    """A struct that begins with its size."""

    def __init__(self, **members):
        super().__init__(size=ctypes.sizeof(self), **members)


class _AttentionOptions(_Sized):
    _fields_ = (
        [("size", c_size_t)]
        + [(name, c_void_p) for name in ("attn_mask", "past_key", "past_value", "nonpad_kv_seqlen")]
        + [("scale", c_double), ("softcap", c_double)]
        + [("left_window_size", c_int64), ("right_window_size", c_int64)]
        + [("q_num_heads", c_int64), ("kv_num_heads", c_int64)]
        + [(name, c_int32) for name in ("is_causal", "has_scale", "softmax_precision")]
        + [(name, c_int32) for name in ("precision", "way", "stage", "mask_takes_gradient")]
        + [("reserved", c_int32)]
    )


class _AttentionResults(_Sized):
    _fields_ = [("size", c_size_t)] + [
        (name, POINTER(_Array))
        for name in ("y", "present_key", "present_value", "qk_matmul_output")
    ]


class _AttentionGradients(_Sized):
    _fields_ = [("size", c_size_t)] + [
        (name, POINTER(_Array))
        for name in ("q", "k", "v", "attn_mask", "past_key", "past_value")
    ]


class _ModelOptions(_Sized):
    _fields_ = [("size", c_size_t), ("keep_bf16", c_int32), ("reserved", c_int32)]


class _GenerateOptions(_Sized):
    _fields_ = [
        ("size", c_size_t), ("tokens", c_int64), ("temperature", c_double), ("top_k", c_int64),
        ("top_p", c_double), ("seed", ctypes.c_uint64), ("precision", c_int32), ("take", c_void_p),
        ("user", c_void_p),
    ]  # fmt: skip


class _Text(ctypes.Structure):
    """clearhead_text"""

    _fields_ = [("data", c_char_p), ("length", c_size_t)]

    @classmethod
    def of(cls, text):
        text = text.encode()
        return cls(text, len(text))


def _open(path, signatures):
    if not path.exists():
        raise SystemExit(
            f"{path} is missing; scripts/bench builds it, or: cmake --build --preset release"
        )
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


_pointer, _array = c_void_p, POINTER(_Array)
_library = _open(
    LIBRARY,
    {
        "clearhead_abi": (c_int32, []),
        "clearhead_error": (c_char_p, []),
        "clearhead_set_threads": (c_int32, [c_int32]),
        "clearhead_attention": (
            c_int32,
            [_array, _array, _array, POINTER(_AttentionOptions), POINTER(_AttentionResults),
             POINTER(_pointer)],
        ),
        "clearhead_attention_backward": (
            c_int32, [_pointer, _array, POINTER(_AttentionGradients)],
        ),
        "clearhead_attention_record_free": (None, [_pointer]),
        "clearhead_tensor_array": (None, [_pointer, _array]),
        "clearhead_tensor_free": (None, [_pointer]),
        "clearhead_model_open": (c_int32, [c_char_p, POINTER(_ModelOptions), POINTER(_pointer)]),
        "clearhead_model_free": (None, [_pointer]),
        "clearhead_model_embed": (
            c_int32, [_pointer, POINTER(_Text), c_int64, c_int32, POINTER(_pointer)],
        ),
        "clearhead_model_logits": (
            c_int32, [_pointer, _pointer, c_int64, c_int32, POINTER(_pointer)],
        ),
        "clearhead_model_generate": (
            c_int32,
            [_pointer, _pointer, c_int64, POINTER(_GenerateOptions), _pointer, POINTER(c_int64)],
        ),
    },
)  # fmt: skip
_peers = _open(
    PEERS_LIBRARY,
    {
        "peers_error": (c_char_p, []),
        "peers_set_threads": (c_int, [c_int32]),
        "peers_repeat_attention": (
            c_int32,
            [_pointer, c_int64, _array, _array, _array, POINTER(_AttentionOptions),
             POINTER(_AttentionResults)],
        ),
        "peers_matmul": (_pointer, [c_int64, c_int64, c_int64, c_int32, _pointer, _pointer]),
        "peers_linear": (
            _pointer, [c_int64, c_int64, c_int64, c_int32, _pointer, _pointer, c_int32],
        ),
        "peers_product_data": (_pointer, [_pointer]),
        "peers_product_free": (None, [_pointer]),
        "peers_trainer_new": (_pointer, [c_char_p]),
        "peers_trainer_free": (None, [_pointer]),
        "peers_trainer_weight": (POINTER(c_float), [_pointer, c_char_p, POINTER(c_int64)]),
        "peers_trainer_loss": (c_int, [_pointer, _pointer, _pointer, POINTER(c_double)]),
        "peers_trainer_step": (c_int, [_pointer, _pointer, _pointer, POINTER(c_double)]),
        "peers_trainer_generate": (c_int, [_pointer, _pointer, c_int64, c_int64, _pointer]),
        "peers_open_without_tokenizer": (c_int, [c_char_p]),
        "peers_machine": (c_char_p, []),
        "peers_limit_new": (_pointer, [c_char_p, c_int64]),
        "peers_limit_run": (c_double, [_pointer]),
        "peers_limit_free": (None, [_pointer]),
    },
)
if _library.clearhead_abi() != ABI:
    raise SystemExit(f"{LIBRARY} has another ABI than engine.py; build both anew")


class EngineError(RuntimeError):
    pass


def _succeed(failed):
    if failed:
        raise EngineError(_library.clearhead_error().decode())


def _peers_succeed(failed):
    if failed:
        raise EngineError(_peers.peers_error().decode())


def _checked(handle):
    """Of the peers' library."""
    _peers_succeed(not handle)
    return handle


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
        self.operands = [_Array.of(x) for x in self.given]
        self.arrays = {"y": np.empty_like(q)}
        if keep:
            self.arrays |= {"dq": np.empty_like(q), "dk": np.empty_like(k), "dv": np.empty_like(v)}
        self.into = {name: _Array.of(x) for name, x in self.arrays.items()}
        self.options = _AttentionOptions(
            is_causal=cell.is_causal, precision=precision,
            left_window_size=-1, right_window_size=-1,
        )  # fmt: skip
        self.results = _AttentionResults(y=ctypes.pointer(self.into["y"]))
        self.kept = byref(self.record) if keep else None
        if keep:
            self.gradients = _AttentionGradients(
                **{name: ctypes.pointer(self.into["d" + name]) for name in "qkv"}
            )

    def __del__(self):
        _library.clearhead_attention_record_free(self.record)

    def forward(self):
        _library.clearhead_attention_record_free(self.record)
        q, k, v = self.operands
        _succeed(
            _library.clearhead_attention(
                byref(q), byref(k), byref(v), byref(self.options), byref(self.results), self.kept
            )
        )

    def repeat(self, count):
        """Forward so many times, in a loop of C."""
        q, k, v = self.operands
        _succeed(
            _peers.peers_repeat_attention(
                _library.clearhead_attention, count, byref(q), byref(k), byref(v),
                byref(self.options), byref(self.results),
            )
        )  # fmt: skip

    def backward(self, dy):
        _succeed(
            _library.clearhead_attention_backward(
                self.record, byref(_Array.of(dy)), byref(self.gradients)
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
        self.handle = _checked(handle)

    @classmethod
    def of(cls, a, b, precision):
        """a [M, K] times b [K, N]."""
        (M, K), (_, N) = a.shape, b.shape
        data = a.ctypes.data, b.ctypes.data
        return cls((M, N), _peers.peers_matmul(M, N, K, precision, *data))

    @classmethod
    def linear(cls, x, w, precision):
        """x [M, K] times w [N, K], f32 or the bits of bf16, transposed."""
        (M, K), (N, _) = x.shape, w.shape
        data = x.ctypes.data, w.ctypes.data, w.dtype == np.uint16
        return cls((M, N), _peers.peers_linear(M, N, K, precision, *data))

    def __del__(self):
        _peers.peers_product_free(self.handle)

    def array(self):
        data = ctypes.cast(_peers.peers_product_data(self.handle), POINTER(c_float))
        return np.ctypeslib.as_array(data, self.shape).copy()


class Result:
    """A tensor that the engine returned; its memory goes with it."""

    def __init__(self, handle):
        self.handle = handle

    def __del__(self):
        _library.clearhead_tensor_free(self.handle)

    def array(self):
        """A copy, in f32."""
        array = _Array()
        _library.clearhead_tensor_array(self.handle, byref(array))
        data = ctypes.cast(array.data, POINTER(c_float))
        return np.ctypeslib.as_array(data, array.shape[: array.rank]).copy()


class Trainer:
    """A decoder in training, made by a recipe: a dict as in recipes/*.json, with the vocabulary."""

    def __init__(self, recipe):
        self.handle = None
        self.handle = _checked(_peers.peers_trainer_new(json.dumps(recipe).encode()))

    def __del__(self):
        _peers.peers_trainer_free(self.handle)

    def weight(self, name):
        """The numbers of a parameter, to be read and written, in one row."""
        count = c_int64()
        address = _checked(
            _peers.peers_trainer_weight(self.handle, name.encode(), byref(count))
        )
        return np.ctypeslib.as_array(address, (count.value,))

    def loss(self, tokens, targets):
        return self._loss_of(_peers.peers_trainer_loss, tokens, targets)

    def step(self, tokens, targets):
        """One step; returns the loss before it."""
        return self._loss_of(_peers.peers_trainer_step, tokens, targets)

    def _loss_of(self, function, tokens, targets):
        loss = c_double()
        _peers_succeed(function(self.handle, tokens.ctypes.data, targets.ctypes.data, byref(loss)))
        return loss.value

    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        written = np.empty(count, np.int64)
        _peers_succeed(
            _peers.peers_trainer_generate(
                self.handle, prompt.ctypes.data, len(prompt), count, written.ctypes.data
            )
        )
        return written.tolist()


def open_without_tokenizer(folder):
    """Reads a folder of Hugging Face's for what takes ids, and forgets it."""
    _peers_succeed(_peers.peers_open_without_tokenizer(str(folder).encode()))


class Model:
    """A model in a folder, calculated with this precision."""

    def __init__(self, folder, precision, keep_bf16=False):
        self.handle = c_void_p()
        options = _ModelOptions(keep_bf16=keep_bf16)
        _succeed(
            _library.clearhead_model_open(
                str(folder).encode(), byref(options), byref(self.handle)
            )
        )
        self.precision = PRECISIONS.index(precision)

    def __del__(self):
        _library.clearhead_model_free(self.handle)

    def embed(self, texts):
        """The vectors [N, C] of these texts."""
        given = (_Text * len(texts))(*(_Text.of(text) for text in texts))
        vectors = c_void_p()
        _succeed(
            _library.clearhead_model_embed(
                self.handle, given, len(texts), self.precision, byref(vectors)
            )
        )
        return Result(vectors)

    def logits(self, tokens):
        """What it says after each of tokens [T]: [T, V]."""
        logits = c_void_p()
        _succeed(
            _library.clearhead_model_logits(
                self.handle, tokens.ctypes.data, len(tokens), self.precision, byref(logits)
            )
        )
        return Result(logits)

    def generate(self, prompt, count):
        """The `count` likeliest tokens after prompt [T], one after the other."""
        options = _GenerateOptions(tokens=count, top_p=1, precision=self.precision)
        written, length = np.empty(count, np.int64), c_int64()
        _succeed(
            _library.clearhead_model_generate(
                self.handle, prompt.ctypes.data, len(prompt), byref(options), written.ctypes.data,
                byref(length),
            )
        )  # fmt: skip
        return written[: length.value].tolist()


def set_threads(threads):
    _succeed(_library.clearhead_set_threads(threads))
    _peers_succeed(_peers.peers_set_threads(threads))


@functools.cache
def machine():
    return json.loads(_checked(_peers.peers_machine()))


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
        self.handle = _checked(_peers.peers_limit_new(name.encode(), bytes))
        self.work = self.run()

    def __del__(self):
        _peers.peers_limit_free(self.handle)

    def run(self):
        return _peers.peers_limit_run(self.handle)
