"""Those that take part: clearhead in each precision and its peers, all called the same way
(contender.py)."""

import numpy as np

import engine
import forced
from contender import Contender
from matrix import BACKWARD, DECODE, FEW_ROWS, MATMUL, READING
from runtimes import OnnxRuntime, OpenVino


class Clearhead(Contender):
    """`in_bf16`: what begins in bf16 instead of f32, where reading it is the limit."""

    is_peer = False

    def __init__(self, precision, in_bf16=None):
        name = f"clearhead {engine.PRECISIONS[precision]}"
        if in_bf16:
            super().__init__(f"{name}, bf16 {in_bf16}", "bf16")
        else:
            super().__init__(name, ("f32", "high", "bf16")[precision])
        self.precision = precision
        self.in_bf16 = in_bf16

    def can(self, cell):
        if cell.kind in READING:
            # What is stored decides, not the products.
            stored = "cache" if cell.kind == DECODE else "weights"
            return self.in_bf16 == stored or (self.precision == 0 and not self.in_bf16)
        return not self.in_bf16 and (self.precision == 0 or engine.has_bf16_products())

    def begin(self, cell):
        engine.set_threads(cell.threads)

    def prepare(self, cell, inputs):
        if cell.kind == MATMUL:
            return engine.product_call(inputs["a"], inputs["b"], self.precision)
        if cell.kind == FEW_ROWS:
            w = engine.to_bf16(inputs["w"]) if self.in_bf16 else inputs["w"]
            return engine.linear_call(inputs["x"], w, self.precision)
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
        if cell.kind in (MATMUL, FEW_ROWS):
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
        if self.matmul_precision != "highest":
            return cell.kind == MATMUL and engine.has_bf16_products()
        # Without instructions for them its products in bf16 take minutes.
        return self.numbers == "f32" or engine.has_bf16_products() or cell.kind in READING

    def begin(self, cell):
        self.torch.set_num_threads(cell.threads)

    def prepare(self, cell, inputs):
        torch = self.torch
        torch.set_float32_matmul_precision(self.matmul_precision)
        x = {name: torch.from_numpy(array).to(self.dtype) for name, array in inputs.items()}
        if cell.kind == MATMUL:
            return lambda: torch.matmul(x["a"], x["b"])
        if cell.kind == FEW_ROWS:
            return lambda: torch.nn.functional.linear(x["x"], x["w"])
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


class OpenBlas(Contender):
    """NumPy's matrix product, which is OpenBLAS's sgemm in the wheels from PyPI."""

    pause = 0.05  # its threads wait actively for some 30 ms

    def __init__(self):
        super().__init__("OpenBLAS", "f32")

    def can(self, cell):
        return cell.kind in (MATMUL, FEW_ROWS)

    def prepare(self, cell, inputs):
        set_blas_threads(cell.threads)
        if cell.kind == FEW_ROWS:
            return lambda: np.matmul(inputs["x"], inputs["w"].T)
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
        return (self.limit == "memory_read") == (cell.kind in READING)

    def begin(self, cell):
        engine.set_threads(cell.threads)
        # A buffer as large as what is read, so that the processor's caches hold the same part of
        # both.
        bytes = cell.read_bytes(2 if self.in_bf16 else 4) if cell.kind in READING else 0
        self.loop = engine.LimitLoop(self.limit, bytes)

    def work(self):
        return self.loop.work

    def prepare(self, cell, inputs):
        return self.loop.run

    def end(self):
        self.loop = None


def all_contenders():
    contenders = [Limit(limit) for limit in engine.limits()] + [Limit("memory_read", in_bf16=True)]
    contenders += [Clearhead(0), Clearhead(1), Clearhead(2)]
    contenders += [Clearhead(0, in_bf16="cache"), Clearhead(2, in_bf16="weights")]
    contenders += [
        Torch("PyTorch f32", "f32", "float32"),
        Torch("PyTorch bf16", "bf16", "bfloat16"),
        Torch("PyTorch f32 medium", "bf16", "float32", matmul_precision="medium"),
        OpenVino("f32"),
        OpenBlas(),
    ]
    if engine.has_bf16_products():
        contenders.append(OpenVino("bf16"))
    if forced.TARGET != "avx2":  # to which ONNX Runtime cannot be limited
        contenders += [
            OnnxRuntime("MultiHeadAttention"),
            OnnxRuntime("Attention"),
            OnnxRuntime("GroupQueryAttention"),
        ]
    return contenders
