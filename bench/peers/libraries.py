"""What libclearhead_c.so (bindings/c/clearhead.h) and libclearhead_peers.so (peers_c.h) declare,
for ctypes: structs, functions, and errors as exceptions. engine.py calls them."""

import ctypes
from ctypes import POINTER, c_char_p, c_double, c_float, c_int, c_int32, c_int64, c_size_t, c_void_p
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build" / "release" / "lib" / "libclearhead_c.so"
PEERS_LIBRARY = LIBRARY.with_name("libclearhead_peers.so")

ABI = 1
F32, BF16, I64 = 1, 4, 5  # clearhead_dtype


class Array(ctypes.Structure):
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


class Sized(ctypes.Structure):
    """A struct that begins with its size."""

    def __init__(self, **members):
        super().__init__(size=ctypes.sizeof(self), **members)


class AttentionOptions(Sized):
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


class AttentionResults(Sized):
    _fields_ = [("size", c_size_t)] + [
        (name, POINTER(Array))
        for name in ("y", "present_key", "present_value", "qk_matmul_output")
    ]


class AttentionGradients(Sized):
    _fields_ = [("size", c_size_t)] + [
        (name, POINTER(Array))
        for name in ("q", "k", "v", "attn_mask", "past_key", "past_value")
    ]


class ModelOptions(Sized):
    _fields_ = [("size", c_size_t), ("keep_bf16", c_int32), ("reserved", c_int32)]


class GenerateOptions(Sized):
    _fields_ = [
        ("size", c_size_t), ("tokens", c_int64), ("temperature", c_double), ("top_k", c_int64),
        ("top_p", c_double), ("seed", ctypes.c_uint64), ("precision", c_int32), ("take", c_void_p),
        ("user", c_void_p),
    ]  # fmt: skip


class Text(ctypes.Structure):
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


_pointer, _array = c_void_p, POINTER(Array)
library = _open(
    LIBRARY,
    {
        "clearhead_abi": (c_int32, []),
        "clearhead_error": (c_char_p, []),
        "clearhead_set_threads": (c_int32, [c_int32]),
        "clearhead_attention": (
            c_int32,
            [_array, _array, _array, POINTER(AttentionOptions), POINTER(AttentionResults),
             POINTER(_pointer)],
        ),
        "clearhead_attention_backward": (
            c_int32, [_pointer, _array, POINTER(AttentionGradients)],
        ),
        "clearhead_attention_record_free": (None, [_pointer]),
        "clearhead_tensor_array": (None, [_pointer, _array]),
        "clearhead_tensor_free": (None, [_pointer]),
        "clearhead_model_open": (c_int32, [c_char_p, POINTER(ModelOptions), POINTER(_pointer)]),
        "clearhead_model_free": (None, [_pointer]),
        "clearhead_model_embed": (
            c_int32, [_pointer, POINTER(Text), c_int64, c_int32, POINTER(_pointer)],
        ),
        "clearhead_model_logits": (
            c_int32, [_pointer, _pointer, c_int64, c_int32, POINTER(_pointer)],
        ),
        "clearhead_model_generate": (
            c_int32,
            [_pointer, _pointer, c_int64, POINTER(GenerateOptions), _pointer, POINTER(c_int64)],
        ),
    },
)  # fmt: skip
peers = _open(
    PEERS_LIBRARY,
    {
        "peers_error": (c_char_p, []),
        "peers_set_threads": (c_int, [c_int32]),
        "peers_repeat_attention": (
            c_int32,
            [_pointer, c_int64, _array, _array, _array, POINTER(AttentionOptions),
             POINTER(AttentionResults)],
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
if library.clearhead_abi() != ABI:
    raise SystemExit(f"{LIBRARY} has another ABI than libraries.py; build both anew")


class EngineError(RuntimeError):
    pass


def succeed(failed):
    if failed:
        raise EngineError(library.clearhead_error().decode())


def peers_succeed(failed):
    if failed:
        raise EngineError(peers.peers_error().decode())


def checked(handle):
    """Of the peers' library."""
    peers_succeed(not handle)
    return handle
