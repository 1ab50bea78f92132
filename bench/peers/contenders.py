"""Those that take part: clearhead in each precision and its peers, all called the same way.

A contender turns the inputs of a cell (f32 arrays) into a call without arguments; that call is
timed. What the call returns it turns into f32 arrays. Preparing converts and lays out the inputs as
the contender likes them best; what it then does to them to calculate (packing, rounding,
transposing) happens within the call.
"""

import numpy as np

import engine
from matrix import BACKWARD, DECODE, FORWARD, MATMUL


class Contender:
    """`numbers`: whose results these are comparable to: those of "f32", "high" or "bf16"."""

    is_peer = True
    # Seconds to wait before another one begins, so that idle threads of this one are asleep.
    pause = 0.005

    def __init__(self, name, numbers):
        self.name = name
        self.numbers = numbers

    def can(self, cell):
        raise NotImplementedError

    def begin(self, cell):
        """Sets the number of threads, and whatever else does not depend on the inputs."""

    def prepare(self, cell, inputs):
        raise NotImplementedError

    def arrays(self, cell, result):
        raise NotImplementedError

    def rest(self):
        """Called after each turn."""


class Clearhead(Contender):
    is_peer = False

    def __init__(self, precision, in_bf16=False):
        name = engine.PRECISIONS[precision]
        super().__init__(
            f"clearhead {name}" + (", bf16 cache" if in_bf16 else ""),
            ("f32", "high", "bf16")[precision],
        )
        if in_bf16:
            self.numbers = "bf16"
        self.precision = precision
        self.in_bf16 = in_bf16

    def can(self, cell):
        # Decoding reads its cache and hardly calculates: what the cache holds decides, not the
        # products.
        if cell.kind == DECODE:
            return self.in_bf16 or self.precision == 0
        return not self.in_bf16

    def begin(self, cell):
        engine.set_threads(cell.threads)

    def prepare(self, cell, inputs):
        if cell.kind == MATMUL:
            return lambda: engine.Product(inputs["a"], inputs["b"], self.precision)
        q, k, v = (inputs[name] for name in "qkv")
        if self.in_bf16:
            q, k, v = (engine.to_bf16(x) for x in (q, k, v))
        attention = engine.Attention(cell, q, k, v, self.precision, keep=cell.kind != DECODE)
        if cell.kind == BACKWARD:
            attention.forward()

        def call():
            if cell.kind == BACKWARD:
                attention.backward(inputs["dy"])
            else:
                attention.forward()
            return attention

        return call

    def arrays(self, cell, result):
        if cell.kind == MATMUL:
            return {"y": result.array()}
        names = ("dq", "dk", "dv") if cell.kind == BACKWARD else ("y",)
        return {name: result.array(name) for name in names}


class Torch(Contender):
    """`matmul_precision`: of products of f32 matrices; "medium" lets them be calculated in bf16."""

    def __init__(self, name, numbers, dtype_name, matmul_precision="highest"):
        super().__init__(name, numbers)
        import torch

        self.torch = torch
        self.dtype = getattr(torch, dtype_name)
        self.matmul_precision = matmul_precision

    def can(self, cell):
        return cell.kind == MATMUL or self.matmul_precision == "highest"

    def begin(self, cell):
        self.torch.set_num_threads(cell.threads)

    def prepare(self, cell, inputs):
        torch = self.torch
        torch.set_float32_matmul_precision(self.matmul_precision)
        x = {name: torch.from_numpy(array).to(self.dtype) for name, array in inputs.items()}
        if cell.kind == MATMUL:
            return lambda: torch.matmul(x["a"], x["b"])
        attention = torch.nn.functional.scaled_dot_product_attention
        options = {"is_causal": cell.is_causal, "enable_gqa": cell.H != cell.G}
        operands = [x[name] for name in "qkv"]
        if cell.kind != BACKWARD:

            def forward():
                with torch.no_grad():
                    return attention(*operands, **options)

            return forward
        operands = [operand.requires_grad_() for operand in operands]
        y = attention(*operands, **options)
        return lambda: torch.autograd.grad(y, operands, x["dy"], retain_graph=True)

    def arrays(self, cell, result):
        def array(tensor):
            return tensor.detach().to(self.torch.float32).numpy()

        if cell.kind == BACKWARD:
            return dict(zip(("dq", "dk", "dv"), map(array, result)))
        return {"y": array(result)}


class OnnxRuntime(Contender):
    """A session of one attention node. `kind`: "MultiHeadAttention" or "GroupQueryAttention"
    (operators of ONNX Runtime's own, with fused kernels), or "Attention" (the standard operator).
    """

    def __init__(self, kind):
        super().__init__(f"ONNX Runtime {kind}", "f32")
        self.kind = kind

    def can(self, cell):
        if self.kind == "MultiHeadAttention":
            return cell.kind in (FORWARD, DECODE) and cell.H == cell.G
        if self.kind == "GroupQueryAttention":
            return cell.kind == DECODE  # with a cache that it appends to
        return cell.kind in (FORWARD, DECODE)

    def begin(self, cell):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cell.threads
        options.inter_op_num_threads = 1
        # Its threads wait actively within a run, as they do by default, but let others work once
        # it has ended.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            onnx_model(self.kind, cell), options, providers=["CPUExecutionProvider"]
        )

    def prepare(self, cell, inputs):
        from onnxruntime import OrtValue

        binding = self.session.io_binding()
        values = {
            name: OrtValue.ortvalue_from_numpy(array)
            for name, array in self.operands(cell, inputs).items()
        }
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_output("y", "cpu")
        if self.kind == "GroupQueryAttention":  # the cache is continued in place
            binding.bind_ortvalue_output("present_key", values["past_key"])
            binding.bind_ortvalue_output("present_value", values["past_value"])

        def run():
            self.session.run_with_iobinding(binding)
            return binding, values  # which lie on the memory of the inputs

        return run

    def operands(self, cell, inputs):
        def tokens_first(x):  # [B, H, T, D] → [B, T, H·D]
            return np.ascontiguousarray(x.transpose(0, 2, 1, 3)).reshape(x.shape[0], x.shape[2], -1)

        q, k, v = (inputs[name] for name in "qkv")
        if self.kind == "Attention":
            return {"q": q, "k": k, "v": v}
        if self.kind == "MultiHeadAttention":
            return {"q": tokens_first(q), "k": tokens_first(k), "v": tokens_first(v)}
        return {
            "q": tokens_first(q),
            "k": tokens_first(k[:, :, -1:]),
            "v": tokens_first(v[:, :, -1:]),
            "past_key": k.copy(),
            "past_value": v.copy(),
            "last_key": np.full(cell.B, cell.S - 1, np.int32),
            "key_count": np.array([cell.S], np.int32),
        }

    def arrays(self, cell, result):
        y = result[0].get_outputs()[0].numpy()
        if self.kind != "Attention":
            y = y.reshape(cell.B, cell.T, cell.H, cell.D).transpose(0, 2, 1, 3)
        return {"y": np.array(y)}


def onnx_model(kind, cell):
    """A model of one node, as bytes."""
    from onnx import TensorProto, helper

    def values(names, element=TensorProto.FLOAT):
        return [helper.make_tensor_value_info(name, element, None) for name in names]

    inputs = values(["q", "k", "v"])
    outputs = values(["y"])
    domain, attributes = "com.microsoft", {}
    names = ["q", "k", "v"]
    if kind == "Attention":
        domain, attributes = "", {"is_causal": int(cell.is_causal)}
    elif kind == "MultiHeadAttention":
        attributes = {"num_heads": cell.H, "unidirectional": int(cell.is_causal)}
    else:
        attributes = {"num_heads": cell.H, "kv_num_heads": cell.G}
        inputs += values(["past_key", "past_value"]) + values(
            ["last_key", "key_count"], TensorProto.INT32
        )
        outputs += values(["present_key", "present_value"])
        names += ["past_key", "past_value", "last_key", "key_count"]
    node = helper.make_node(
        kind, names, [output.name for output in outputs], domain=domain, **attributes
    )
    graph = helper.make_graph([node], "attention", inputs, outputs)
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


class OpenBlas(Contender):
    """NumPy's matrix product, which is OpenBLAS's sgemm in the wheels from PyPI."""

    pause = 0.05  # its threads wait actively for some 30 ms

    def __init__(self):
        super().__init__("OpenBLAS", "f32")

    def can(self, cell):
        return cell.kind == MATMUL

    def prepare(self, cell, inputs):
        set_blas_threads(cell.threads)
        return lambda: np.matmul(inputs["a"], inputs["b"])

    def rest(self):
        set_blas_threads(1)  # since checking the others' answers multiplies too

    def arrays(self, cell, result):
        return {"y": result}


def set_blas_threads(threads):
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads, "blas")


class Limit(Contender):
    """What the machine can do at best, measured in between like everybody else."""

    is_peer = False
    numbers = None

    def __init__(self, limit, in_bf16=False):
        super().__init__(f"limit {limit}" + (" bf16" if in_bf16 else ""), None)
        self.limit = limit
        self.in_bf16 = in_bf16

    def can(self, cell):
        if cell.kind == DECODE:
            return self.limit == "memory_read"
        return self.limit != "memory_read" and not self.in_bf16

    def begin(self, cell):
        engine.set_threads(cell.threads)
        # For decoding, a buffer as large as the cache, so that the processor's caches hold the same
        # part of both.
        bytes = cell.cache_bytes(2 if self.in_bf16 else 4) if cell.kind == DECODE else 0
        self.loop = engine.LimitLoop(self.limit, bytes)

    def work(self):
        return self.loop.work

    def prepare(self, cell, inputs):
        return self.loop.run

    def end(self):
        self.loop = None


def all_contenders():
    contenders = [Limit("multiply_add"), Limit("memory_read"), Limit("memory_read", in_bf16=True)]
    try:
        engine.LimitLoop("tile_product")
        contenders.insert(1, Limit("tile_product"))
    except engine.EngineError:
        pass
    contenders += [Clearhead(0), Clearhead(1), Clearhead(2), Clearhead(0, in_bf16=True)]
    contenders += [
        Torch("PyTorch f32", "f32", "float32"),
        Torch("PyTorch bf16", "bf16", "bfloat16"),
        Torch("PyTorch f32 medium", "bf16", "float32", matmul_precision="medium"),
        OnnxRuntime("MultiHeadAttention"),
        OnnxRuntime("Attention"),
        OnnxRuntime("GroupQueryAttention"),
        OpenBlas(),
    ]
    return contenders
