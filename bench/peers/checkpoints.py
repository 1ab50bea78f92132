#!/usr/bin/env python3
"""Measures models of others beside the programs that run them: a sentence encoder, a long prompt,
generation, and opening a file.

    bench/peers/checkpoints.py           all, about seven minutes; goes on where it was stopped,
                                         unless machine, build or versions changed
    bench/peers/checkpoints.py --quick   few texts and tokens, to see that it works

Each contender's answer is compared first; then they take turns. Writes checkpoints.json and
checkpoints.md of this processor in bench/results/, and the numbers in docs/performance.md.
scripts/bench checkpoints sets up everything and runs this.
"""

import argparse
import functools
import json
import os
import subprocess
import time

import forced
import numpy as np

import checkpoint_files as files
import engine
import libraries
import training

THREADS = os.cpu_count()
CHANNELS = 384  # of a vector
VOCABULARY = 50257
PROMPT = 512  # tokens, of reading
BEGINNING, CONTINUATION = 16, 128  # tokens, of writing
BATCH = 32  # sentences, as sentence-transformers takes them
OPENINGS = 20
ROUNDS, TURN_SECONDS = 5, 2

SENTENCE_TRANSFORMERS = "sentence-transformers f32"
ONNX_RUNTIME, OPENVINO = "ONNX Runtime f32", "OpenVINO f32"
TORCH, TORCH_BF16 = "PyTorch f32", "PyTorch autocast to bf16"
LLAMA_F16, LLAMA_BF16 = "llama.cpp, F16", "llama.cpp, BF16"
HIGHEST, HIGH, MEDIUM = (f"clearhead {precision}" for precision in engine.PRECISIONS)
BF16_WEIGHTS = "clearhead, bf16 weights"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few texts and tokens, for a moment")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    arguments = parser.parse_args()
    if forced.TARGET:
        raise SystemExit("CLEARHEAD_FORCE_TARGET: ONNX Runtime and llama.cpp cannot be limited")
    quick = arguments.quick
    rounds = 2 if quick else ROUNDS
    jobs = [
        lambda: embedding_cell(64 if quick else 1000, rounds),
        lambda: prompt_cell(64 if quick else PROMPT, rounds),
        lambda: generation_cell(8 if quick else CONTINUATION, rounds),
        opening_cell,
    ]
    cells = training.cells_of(jobs, arguments, "checkpoints.jsonl")

    import checkpoints_report

    checkpoints_report.write(cells, quick)


# ---- Sentences to vectors ----


def embedding_cell(count, rounds):
    texts = files.sentences(count)
    shape = (len(texts), CHANNELS)
    taking_part = {
        SENTENCE_TRANSFORMERS: sentence_transformers("float32"),
        "sentence-transformers bf16": sentence_transformers("bfloat16"),
        ONNX_RUNTIME: in_batches(onnx_runtime()),
        OPENVINO: in_batches(openvino("f32")),
        "OpenVINO bf16": in_batches(openvino("bf16")),
    }
    for name in (HIGHEST, HIGH, MEDIUM):
        model = engine.Model(files.encoder(), name.split()[-1])
        taking_part[name] = lambda texts, model=model: model.embed(texts).array()
    errors = compare(
        "vectors", {name: one(texts) for name, one in taking_part.items()}, SENTENCE_TRANSFORMERS,
        {HIGHEST: 1e-5, HIGH: 1e-5, ONNX_RUNTIME: 1e-5, OPENVINO: 1e-5}, 1e-2,
    )  # fmt: skip
    turns = {name: functools.partial(one, texts) for name, one in taking_part.items()}
    facts = {"kind": "embedding", "sentences": count, "errors": errors, "flop": flop_of(texts)}
    return facts | training.times_in_turns("vectors", turns, rounds, TURN_SECONDS)


def flop_of(texts):
    """Of the products with weights, for the tokens without padding; attention adds 1 %."""
    layers, hidden = 6, 4 * CHANNELS
    tokens = sum(len(encoding.ids) for encoding in tokenizer().encode_batch(texts))
    return 2 * tokens * layers * (4 * CHANNELS**2 + 2 * CHANNELS * hidden)


def tokenizer():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(files.encoder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def sentence_transformers(dtype):
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(THREADS)
    model = SentenceTransformer(
        str(files.encoder()), device="cpu", model_kwargs={"dtype": getattr(torch, dtype)}
    )

    def vectors(texts):
        return model.encode(texts, batch_size=BATCH, convert_to_tensor=True).float().numpy()

    return vectors


def in_batches(run):
    """Texts to vectors by run(ids, mask), sorted by length as sentence-transformers does."""
    tokens_of = tokenizer().encode_batch

    def vectors(texts):
        ids = [encoding.ids for encoding in tokens_of(texts)]
        order = sorted(range(len(texts)), key=lambda i: len(ids[i]))
        result = np.empty((len(texts), CHANNELS), np.float32)
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            tokens = np.zeros((len(batch), len(ids[batch[-1]])), np.int64)
            mask = np.zeros_like(tokens)
            for row, i in enumerate(batch):
                tokens[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1
            result[batch] = run(tokens, mask)
        return result

    return vectors


def onnx_runtime():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    # Its threads let others work once a run has ended.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(
        files.encoder_onnx(), options, providers=["CPUExecutionProvider"]
    )
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def openvino(precision):
    import openvino

    model = openvino.Core().compile_model(
        files.encoder_onnx(),
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": THREADS,
            "PERFORMANCE_HINT": "LATENCY",
        },
    )
    request = model.create_infer_request()
    return lambda ids, mask: request.infer({"input_ids": ids, "attention_mask": mask})[0]


# ---- A long prompt ----


def prompt_cell(length, rounds):
    tokens = np.random.default_rng(0).integers(0, VOCABULARY, length)
    taking_part = {TORCH: torch_logits(autocast=False), TORCH_BF16: torch_logits(autocast=True)}
    for name in (HIGHEST, HIGH, MEDIUM):
        taking_part[name] = engine.Model(files.gpt2(bf16=False), name.split()[-1]).logits

    def numbers(answer):
        if isinstance(answer, engine.Result):
            return answer.array()[None]
        return answer.float().numpy()

    errors = compare(
        "logits", {name: numbers(one(tokens)) for name, one in taking_part.items()}, TORCH,
        {HIGHEST: 1e-4, HIGH: 1e-3}, 0.1,
    )  # fmt: skip
    turns = {name: functools.partial(one, tokens) for name, one in taking_part.items()}
    facts = {"kind": "prompt", "tokens": length, "errors": errors, "flop": flop_of_prompt(length)}
    return facts | training.times_in_turns("prompt", turns, rounds, TURN_SECONDS)


def flop_of_prompt(length):
    """Of the products: 12 blocks of 12·768² weights, the scores of tokens, and attention, of which
    causality leaves half."""
    layers, channels = 12, 768
    weights = layers * 12 * channels**2 + VOCABULARY * channels
    return 2 * length * weights + layers * 2 * length**2 * channels


def torch_gpt2(bf16=False):
    """In f32, with the weights as they are or as they are in bf16."""
    import torch
    from transformers import GPT2LMHeadModel

    torch.set_num_threads(THREADS)
    return GPT2LMHeadModel.from_pretrained(files.gpt2(bf16), dtype=torch.float32).eval()


def torch_logits(autocast):
    import torch

    model = torch_gpt2()

    def logits(tokens):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            return model(torch.from_numpy(tokens)[None], use_cache=False).logits

    return logits


# ---- Generation ----


def generation_cell(count, rounds):
    prompt = np.random.default_rng(1).integers(0, VOCABULARY, BEGINNING)
    taking_part = {
        HIGHEST: engine.Model(files.gpt2(bf16=False), "highest").generate,
        BF16_WEIGHTS: engine.Model(files.gpt2(bf16=True), "highest", keep_bf16=True).generate,
    }
    if files.llama_cpp():
        taking_part |= {LLAMA_F16: Llama("F16").generate, LLAMA_BF16: Llama("BF16").generate}
    texts = {name: list(one(prompt, count)) for name, one in taking_part.items()}
    shortfalls = {}
    for name, text in texts.items():
        if len(text) != count:
            raise SystemExit(f"{name} writes {len(text)} tokens instead of {count}")
        shortfalls[name] = shortfall(prompt, text)
        if shortfalls[name] > 0.03:  # weights of f32 are another model's, by a rounding
            raise SystemExit(
                f"{name} writes a token whose logit is {shortfalls[name]} below the likeliest's"
            )
    turns = {name: functools.partial(one, prompt, count) for name, one in taking_part.items()}
    facts = {"kind": "generation", "prompt": BEGINNING, "tokens": count, "errors": shortfalls}
    facts["weight_bytes"] = {name: bytes_of_a_token(bf16=name != HIGHEST) for name in taking_part}
    return facts | training.times_in_turns("generation", turns, rounds, TURN_SECONDS)


class Llama:
    """llama.cpp in a process of its own."""

    def __init__(self, kind):
        script = libraries.ROOT / "bench" / "peers" / "llama.mjs"
        self.process = subprocess.Popen(
            ("node", script, files.gpt2_gguf(kind), str(THREADS)),
            cwd=files.llama_cpp(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def __del__(self):
        self.process.kill()

    def generate(self, prompt, count):
        question = {"prompt": prompt.tolist(), "count": count}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["tokens"]


def shortfall(prompt, text):
    """By how much the logit of any token of `text` is below that of the likeliest, in PyTorch."""
    import torch

    model = torch_gpt2(bf16=True)
    tokens = torch.tensor([*prompt, *text])[None]
    with torch.inference_mode():
        logits = model(tokens).logits[0, len(prompt) - 1 : -1]
    chosen = logits.gather(1, torch.tensor(text)[:, None])
    return float((logits.max(1, keepdim=True).values - chosen).max())


def bytes_of_a_token(bf16):
    """The weights that each token reads: all but the table of positions."""
    from safetensors import safe_open

    with safe_open(files.gpt2(bf16) / "model.safetensors", "pt") as file:
        tensors = [file.get_tensor(name) for name in file.keys() if "wpe" not in name]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


# ---- Opening ----


def opening_cell():
    folder = files.gpt2(bf16=False)
    results = {}
    ways = {
        "without its tokenizer": lambda: engine.open_without_tokenizer(folder),
        "with its tokenizer": lambda: engine.Model(folder, "highest"),
    }
    for name, open_it in ways.items():
        times = []
        for _ in range(OPENINGS):
            begin = time.perf_counter()
            model = open_it()
            times.append(time.perf_counter() - begin)
            del model
        results[name] = {"min": min(times), "median": float(np.median(times))}
    size = (folder / "model.safetensors").stat().st_size
    return {"kind": "opening", "bytes": size, "results": results}


def compare(what, answers, reference, tolerances, otherwise):
    """The largest difference of each answer to that of `reference`; each must be small."""
    errors = {}
    for name, answer in answers.items():
        errors[name] = float(np.abs(answer - answers[reference]).max())
        if not errors[name] <= tolerances.get(name, otherwise):
            raise SystemExit(f"{what}: those of {name} differ by {errors[name]} from {reference}'s")
    return errors


if __name__ == "__main__":
    main()
