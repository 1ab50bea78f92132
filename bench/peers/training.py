#!/usr/bin/env python3
"""Measures training and generation beside PyTorch: the same model, weights, batch and optimiser.

    bench/peers/training.py           both settings, memory and generation, about ten minutes; goes
                                      on where it was stopped, unless machine, build or versions
                                      changed
    bench/peers/training.py --quick   a tiny model, to see that it works

Each contender's loss is compared with PyTorch's in f32 first; then they take turns, in one process.
Memory is the peak of a process of its own. Writes training.json and training.md of this processor
in bench/results/, and the numbers in docs/performance.md. CLEARHEAD_FORCE_TARGET=avx2 (or
avx512_bf16) measures a lesser processor than this one. scripts/bench training sets up everything
and runs this.
"""

import argparse
import dataclasses
import gc
import json
import os
import subprocess
import sys
import time

import forced  # noqa: F401, before what it limits
import numpy as np

import engine
import memory
from setting import BABY, HIGHEST, MEDIUM, SMALL, TINY, TORCH

TORCH_PRODUCTS, TORCH_BF16 = "PyTorch f32, products in bf16", "PyTorch autocast to bf16"
TORCH_WEIGHTS = "PyTorch, all in bf16"
TRAINING = (TORCH, TORCH_PRODUCTS, TORCH_BF16, HIGHEST, MEDIUM)
# Of the baby GPT all of them would take 20 GB at once, which they keep for their next turn.
TRAINING_BABY = (TORCH, TORCH_BF16, MEDIUM)
GENERATION = (TORCH, TORCH_WEIGHTS, HIGHEST, MEDIUM)
ROUNDS = 5
TURN_SECONDS = 4  # that a contender's steps of one turn take together, if one is shorter
MOST_STEPS = 20
PROMPT, CONTINUATION = 16, 200  # tokens


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tiny model, for a moment")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--peak", nargs=2, metavar=("SETTING", "WHO"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        setting, name = arguments.peak
        print(json.dumps(measure_peak({s.key: s for s in (SMALL, BABY, TINY)}[setting], name)))
        return
    small, baby = (TINY, TINY) if arguments.quick else (SMALL, BABY)
    rounds = 2 if arguments.quick else ROUNDS
    jobs = [
        lambda: training_cell(small, rounds),
        lambda: training_cell(baby, rounds),
        lambda: memory_cell(baby),
        lambda: generation_cell(baby, rounds),
    ]
    import training_report

    training_report.write(cells_of(jobs, arguments), arguments.quick)


def cells_of(jobs, arguments, name="training.jsonl"):
    """What the jobs measure, line by line in a file: a run that was stopped goes on there."""
    import report
    import run

    surroundings = json.loads(json.dumps(run.surroundings()))
    path = report.build_folder(surroundings, arguments.quick) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before, *cells = map(json.loads, path.read_text().splitlines()) if path.exists() else [None]
    if arguments.fresh or arguments.quick or before != surroundings:
        cells = []
        path.write_text(json.dumps(surroundings) + "\n")
    for job in jobs[len(cells) :]:
        cells.append(job())
        with path.open("a") as file:
            file.write(json.dumps(cells[-1]) + "\n")
    return cells


class Clearhead:
    def __init__(self, name, setting):
        self.trainer = engine.Trainer(recipe_of(setting, name.split()[-1]))

    def load(self, weights):
        for name, value in weights.items():
            self.trainer.weight(name)[:] = value.ravel()

    def loss(self, batch):
        return self.trainer.loss(*batch)

    def step(self, batch):
        return self.trainer.step(*batch)

    def generate(self, prompt):
        return self.trainer.generate(prompt, CONTINUATION)


class Torch:
    def __init__(self, name, setting):
        import gpt

        self.gpt = gpt
        self.torch = gpt.torch
        self.torch.set_num_threads(os.cpu_count())
        self.products = "medium" if name == TORCH_PRODUCTS else "highest"
        self.autocast = name == TORCH_BF16
        self.all_bf16 = name == TORCH_WEIGHTS
        self.model = gpt.GPT(setting)
        self.optimizer = gpt.optimizer(self.model)

    def load(self, weights):
        self.model.load(weights)
        if self.all_bf16:
            self.model.to(self.torch.bfloat16)

    def loss(self, batch):
        self.model.eval()
        with self.surroundings(), self.torch.no_grad():
            loss = float(self.model.loss(*map(self.torch.from_numpy, batch)))
        self.model.train()
        return loss

    def step(self, batch):
        with self.surroundings():
            return self.gpt.step(self.model, self.optimizer, *map(self.torch.from_numpy, batch))

    def generate(self, prompt):
        self.model.eval()
        with self.surroundings():
            return self.model.generate(prompt, CONTINUATION)

    def surroundings(self):
        self.torch.set_float32_matmul_precision(self.products)
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.autocast)


def those_that_can(names):
    """Without instructions for bf16, PyTorch takes minutes for a step in it."""
    slow = () if engine.has_bf16_products() else (TORCH_PRODUCTS, TORCH_BF16, TORCH_WEIGHTS)
    return [name for name in names if name not in slow]


def contender(name, setting):
    return (Clearhead if name.startswith("clearhead") else Torch)(name, setting)


def recipe_of(setting, precision):
    s = setting
    sizes = {
        name: getattr(s, name) for name in ("vocabulary", "layers", "heads", "channels", "context")
    }
    beta1, beta2 = s.betas
    return {
        "model": {"family": "decoder", "transformer": sizes | {"bias": False}},
        "training": {
            "batch": s.batch,
            "dropout": s.dropout,
            "precision": precision,
            "schedule": {"kind": "constant", "learning_rate": s.learning_rate},
            "optimizer": {
                "beta1": beta1,
                "beta2": beta2,
                "weight_decay": s.weight_decay,
                "clip": s.clip,
            },
        },
    }


def weights_of(setting, seed=0):
    """Weights as GPT-2 begins, by clearhead's names."""
    rng = np.random.default_rng(seed)
    C = setting.channels

    def matrix(rows, columns):
        return rng.normal(0, 0.02, (rows, columns)).astype(np.float32)

    def norm():  # not all 1, so that it matters which is which
        return rng.normal(1, 0.1, C).astype(np.float32)

    weights = {
        "embed.W_E": matrix(setting.vocabulary, C),
        "pos_embed.W_pos": matrix(setting.context, C),
    }
    for i in range(setting.layers):
        block = {f"attn.W_{name}": matrix(C, C) for name in "QKVO"}
        block |= {
            "ln1.w": norm(),
            "ln2.w": norm(),
            "mlp.W_in": matrix(4 * C, C),
            "mlp.W_out": matrix(C, 4 * C),
        }
        weights |= {f"blocks.{i}.{name}": value for name, value in block.items()}
    return weights | {"ln_final.w": norm()}


def batch_of(setting, seed=0):
    """Tokens and the token after each, [B, T]."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, setting.vocabulary, (setting.batch, setting.context + 1))
    return np.ascontiguousarray(tokens[:, :-1]), np.ascontiguousarray(tokens[:, 1:])


def facts_of(kind, setting):
    return {"kind": kind, "setting": setting.key, "name": setting.name} | {
        "sizes": dataclasses.asdict(setting)
    }


def training_cell(setting, rounds):
    names = those_that_can(TRAINING_BABY if setting == BABY else TRAINING)
    batch, weights = batch_of(setting), weights_of(setting)
    taking_part = {name: contender(name, setting) for name in names}
    expected = None
    losses = {}
    for name, one in taking_part.items():
        show(f"{setting.name}: {name}")
        one.load(weights)
        losses[name] = [one.loss(batch)]
        if setting.dropout == 0:  # also after steps, so that gradients and optimiser are compared
            losses[name] += [one.step(batch) for _ in range(3)]
        expected = expected or losses[name]
        tolerance = 1e-4 if name == HIGHEST else 2e-2
        if not np.allclose(losses[name], expected, rtol=tolerance, atol=0):
            raise SystemExit(
                f"{setting.name}: {name} has the losses {losses[name]}, PyTorch {expected}"
            )
    turns = {name: (lambda one=one: one.step(batch)) for name, one in taking_part.items()}
    return (
        facts_of("training", setting)
        | {"losses": losses}
        | times_in_turns(setting.name, turns, rounds)
    )


def generation_cell(setting, rounds):
    weights = weights_of(setting)
    prompt = batch_of(setting)[0][0, :PROMPT].copy()
    taking_part = {name: contender(name, setting) for name in those_that_can(GENERATION)}
    texts = {}
    for name, one in taking_part.items():
        one.load(weights)
        texts[name] = list(one.generate(prompt))
    if texts[HIGHEST] != texts[TORCH]:
        raise SystemExit(
            f"{setting.name}: clearhead writes {texts[HIGHEST]}, PyTorch {texts[TORCH]}"
        )
    # Weights rounded to 1/256: logits, of about 0.4, move by some thousandths.
    for name in those_that_can((TORCH_WEIGHTS, MEDIUM)):
        shortfall = taking_part[TORCH].model.shortfall(prompt, texts[name])
        if shortfall > 0.03:
            raise SystemExit(
                f"{setting.name}: {name} writes a token whose logit is {shortfall} below the "
                "likeliest's"
            )
    turns = {name: (lambda one=one: one.generate(prompt)) for name, one in taking_part.items()}
    facts = facts_of("generation", setting) | {"prompt": PROMPT, "tokens": CONTINUATION}
    return facts | times_in_turns(f"{setting.name}, generation", turns, rounds)


def times_in_turns(title, turns, rounds, turn_seconds=TURN_SECONDS):
    """Minimum, 25th percentile and median of the seconds a call takes; contenders take turns."""
    import run

    others = run.OthersShare()
    names = list(turns)
    seconds = {name: [] for name in names}
    limits = Limits()
    for round_number in range(rounds):
        limits.measure()
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            show(f"{title}: round {round_number + 1} of {rounds}, {name}")
            gc.collect()
            gc.disable()
            begin = time.perf_counter()
            turns[name]()  # not counted if it is short: caches and memory are another's
            estimate = time.perf_counter() - begin
            if estimate > turn_seconds:
                seconds[name].append(estimate)
            for _ in range(min(int(turn_seconds / estimate), MOST_STEPS)):
                begin = time.perf_counter()
                turns[name]()
                seconds[name].append(time.perf_counter() - begin)
            gc.enable()
            time.sleep(0.01)  # until idle threads are asleep
    show("")
    share = others.until_now()
    results = {}
    for name, times in seconds.items():
        low, median = np.percentile(times, [25, 50])
        results[name] = {
            "min": min(times),
            "p25": float(low),
            "median": float(median),
            "calls": len(times),
        }
    return {"results": results, "others_share": share, "limits": limits.rates}


class Limits:
    """What the machine can do at best on all cores, measured between turns; a second."""

    RUNS = 3

    def __init__(self):
        self.loops = {name: engine.LimitLoop(name) for name in engine.limits()}
        self.rates = {name: [] for name in self.loops}

    def measure(self):
        for name, loop in self.loops.items():
            for _ in range(self.RUNS):
                begin = time.perf_counter()
                work = loop.run()
                self.rates[name].append(work / (time.perf_counter() - begin))


def memory_cell(setting):
    results = {}
    for name in those_that_can(TRAINING):
        show(f"memory: {name}")
        command = [sys.executable, __file__, "--peak", setting.key, name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        results[name] = json.loads(done.stdout)
    show("")
    return facts_of("memory", setting) | {"results": results}


def measure_peak(setting, name):
    """Bytes that this process takes at most: before, and while it makes the model and trains three
    steps."""
    if name.startswith("PyTorch"):
        import gpt  # noqa: F401, so that what it takes is not counted as the model's

    batch, weights = batch_of(setting), weights_of(setting)
    memory.forget_peak()
    before = memory.status_bytes("VmRSS")
    one = contender(name, setting)
    one.load(weights)
    for _ in range(3):
        one.step(batch)
    return {"peak_bytes": memory.status_bytes("VmHWM"), "before_bytes": before}


def show(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
