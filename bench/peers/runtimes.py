"""Peers that run models of others, here models of one operator: ONNX Runtime and OpenVINO."""

import numpy as np

import engine
from contender import Contender
from matrix import BACKWARD, DECODE, FEW_ROWS, FORWARD, MATMUL


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


class OpenVino(Contender):
    """A compiled model of one operator, MatMul or ScaledDotProductAttention. All operands are
    inputs, so that none is folded or packed when it is compiled; they are read where they lie.

    Decoding reads a cache that is an input, too. A cache that the model keeps itself grows with
    every call, so the same call could not be repeated."""

    def __init__(self, numbers):
        super().__init__(f"OpenVINO {numbers}", numbers)

    def can(self, cell):
        return cell.kind != BACKWARD

    def begin(self, cell):
        import openvino

        compiled = openvino.Core().compile_model(
            openvino_model(cell, self.numbers),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": self.numbers,
                "INFERENCE_NUM_THREADS": cell.threads,
                "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY",
            },
        )
        refuse_other_precision(compiled, self.numbers)
        self.request = compiled.create_infer_request()

    def prepare(self, cell, inputs):
        operands = self.operands(cell, inputs)
        for place, operand in enumerate(operands):
            self.request.set_input_tensor(place, self.tensor(operand))

        def run():
            self.request.infer(share_outputs=True)
            return operands  # which the tensors lie on

        return run

    def operands(self, cell, inputs):
        if cell.kind == MATMUL:
            operands = [inputs["a"], inputs["b"]]
        elif cell.kind == FEW_ROWS:
            operands = [inputs["x"], inputs["w"]]
        else:
            keys = np.ascontiguousarray(inputs["k"].swapaxes(2, 3))
            operands = [inputs["q"], keys, inputs["v"]]
        return [engine.to_bf16(x) for x in operands] if self.numbers == "bf16" else operands

    def tensor(self, array):
        import openvino

        if self.numbers == "bf16":
            return openvino.Tensor(array, openvino.Shape(array.shape), openvino.Type.bf16)
        return openvino.Tensor(array, shared_memory=True)

    def arrays(self, cell, result):
        y = self.request.get_output_tensor(0).data
        if self.numbers == "bf16":
            return {"y": engine.from_bf16(y.view(np.uint16))}
        return {"y": y.copy()}


def openvino_model(cell, numbers):
    """Inputs and output are in f32 or bf16, and keys have the order of axes [B, G, D, S], which it
    likes best."""
    import openvino
    from openvino import opset13 as op

    def inputs(*shapes):
        return [op.parameter(shape, getattr(openvino.Type, numbers)) for shape in shapes]

    B, H, G, T, S, D = cell.B, cell.H, cell.G, cell.T, cell.S, cell.D
    if cell.kind == MATMUL:
        operands = inputs([T, T], [T, T])
        y = op.matmul(*operands, False, False)
    elif cell.kind == FEW_ROWS:
        operands = inputs([T, D], [S, D])
        y = op.matmul(*operands, False, True)
    else:
        operands = inputs([B, H, T, D], [B, G, D, S], [B, G, S, D])
        q, k, v = operands
        if H != G and cell.kind == DECODE:  # the operator broadcasts
            q = op.reshape(q, [B, G, H // G, T, D], False)
            k, v = op.unsqueeze(k, 2), op.unsqueeze(v, 2)
        elif H != G:  # faster than that, with many queries
            k = op.broadcast(op.unsqueeze(k, 2), [B, G, H // G, D, S])
            v = op.broadcast(op.unsqueeze(v, 2), [B, G, H // G, S, D])
            k, v = op.reshape(k, [B, H, D, S], False), op.reshape(v, [B, H, S, D], False)
        axes = len(q.shape)
        transposed = op.transpose(k, [*range(axes - 2), axes - 1, axes - 2])
        y = op.scaled_dot_product_attention(q, transposed, v, causal=cell.is_causal)
        y = op.reshape(y, [B, H, T, D], False)
    return openvino.Model([op.result(y)], operands, cell.kind)


def refuse_other_precision(compiled, numbers):
    """The hint is only a hint: what the processor cannot do in bf16 runs in f32."""
    calculating = 0
    for node in compiled.get_runtime_model().get_ops():
        info = node.get_rt_info()
        kind, runs_in = (info[key].astype(str) for key in ("layerType", "runtimePrecision"))
        if kind in ("MatMul", "Subgraph"):  # a subgraph is several operators in one
            calculating += 1
            if runs_in != numbers:
                raise ValueError(f"OpenVINO runs its {kind} in {runs_in}")
    if not calculating:
        raise ValueError("OpenVINO runs nothing that is known to calculate")
