#!/usr/bin/env python3
"""Measures attention as Python calls it: the package clearhead, of arrays of NumPy and of tensors,
beside the interface for C and PyTorch.

    bench/peers/from_python.py           all, about three minutes
    bench/peers/from_python.py --quick   a moment of each, to see that it works

Each answer is compared with that in f64 first; then all take turns. A turn is many calls, so that
reading the clock does not count; the interface for C is called in a loop of C. Writes
from_python.json and from_python.md of this processor in bench/results/. CLEARHEAD_FORCE_TARGET=avx2
(or avx512_bf16) measures a lesser processor. scripts/bench from_python sets up everything and runs
this.
"""

import argparse
import functools
import gc
import os
import sys
import time

import forced  # noqa: F401, before what it limits
import numpy as np

import engine
import libraries
import reference
import report
import run
from matrix import FORWARD, Cell

PACKAGE = libraries.ROOT / "build" / "release" / "python"
THREADS = os.cpu_count()
C, NUMPY, TENSORS, TORCH = (
    "clearhead, interface for C",
    "clearhead from Python, arrays of NumPy",
    "clearhead from Python, tensors of PyTorch",
    "PyTorch f32",
)
MOST_OVERHEAD = 5e-6  # seconds of a call beyond that of C
MOST_RATIO = 1.05  # to C, where the overhead is no large part
CELLS = [  # B, H, T, S, D, causal
    (1, 1, 1, 1, 8, False),
    (1, 12, 1, 128, 64, False),
    (1, 12, 64, 64, 64, True),
    (1, 12, 512, 512, 64, False),
    (1, 12, 1024, 1024, 64, True),
    (1, 12, 2048, 2048, 64, False),
]
ROUNDS, TURN_SECONDS = 40, 0.05
QUICK_ROUNDS, QUICK_TURN_SECONDS = 3, 0.002


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a moment of each")
    quick = parser.parse_args().quick
    rounds, seconds = (QUICK_ROUNDS, QUICK_TURN_SECONDS) if quick else (ROUNDS, TURN_SECONDS)
    cells = []
    for B, H, T, S, D, is_causal in CELLS:
        cell = Cell(FORWARD, B, H, H, T, S, D, is_causal, THREADS)
        cells.append({"cell": text_of(cell)} | measure(cell, rounds, seconds))
    write(cells, quick)


def text_of(cell):
    return f"{cell.B}, {cell.H}, {cell.T}, {cell.S}, {cell.D}" + (", causal" * cell.is_causal)


# ---- Measuring ----


def contenders(cell, inputs):
    """By name: a function that calls `count` times and returns the last answer."""
    clearhead, torch = package(), pytorch()
    engine.set_threads(THREADS)
    clearhead.set_threads(THREADS)
    torch.set_num_threads(THREADS)
    arrays = [inputs[name] for name in "qkv"]
    tensors = [torch.from_numpy(array) for array in arrays]
    of_c = engine.Attention(cell, *arrays, engine.PRECISIONS.index("highest"), keep=False)

    def in_c(count):
        of_c.repeat(count)
        return of_c.arrays["y"]

    def in_python(function, operands):
        call = functools.partial(function, *operands, is_causal=cell.is_causal)

        def repeat(count):
            for _ in range(count):
                y = call()
            return np.asarray(y)

        return repeat

    return {
        C: in_c,
        NUMPY: in_python(clearhead.scaled_dot_product_attention, arrays),
        TENSORS: in_python(clearhead.scaled_dot_product_attention, tensors),
        TORCH: in_python(torch.nn.functional.scaled_dot_product_attention, tensors),
    }


@functools.cache
def package():
    sys.path.insert(0, str(PACKAGE))
    try:
        import clearhead
    except ImportError as problem:
        raise SystemExit(f"{PACKAGE}: {problem}; scripts/setup --for python builds it") from problem
    return clearhead


@functools.cache
def pytorch():
    import torch

    torch.set_grad_enabled(False)
    return torch


def measure(cell, rounds, turn_seconds):
    """Seconds of a call of each, and their errors."""
    inputs = reference.inputs_of(cell, 0)
    answer = reference.answer_of(cell, inputs)
    taking_part = contenders(cell, inputs)
    errors, counts = {}, {}
    for name, repeat in taking_part.items():
        errors[name] = reference.error_of({"y": repeat(1)}, answer)
        if not errors[name] <= reference.tolerance(cell, "f32"):
            raise SystemExit(f"{text_of(cell)}: {name}: relative error {errors[name]:.2e}")
        counts[name] = max(1, int(turn_seconds / seconds_of_calls(repeat, 3)))
    times = {name: [] for name in taking_part}
    others = run.OthersShare()
    names = list(taking_part)
    for round_number in range(rounds):
        run.show_progress(f"{text_of(cell)}: round {round_number + 1} of {rounds}", None)
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            taking_part[name](1)  # caches and memory are another's
            times[name].append(seconds_of_calls(taking_part[name], counts[name]))
            time.sleep(0.005)  # until idle threads are asleep
    run.show_progress("", None)
    results = {
        name: {"min": min(t), "median": float(np.median(t)), "calls": counts[name] * rounds}
        | {"error": errors[name]}
        for name, t in times.items()
    }
    return {"flop": cell.flop, "results": results, "others_share": others.until_now()}


def seconds_of_calls(repeat, count):
    gc.disable()
    begin = time.perf_counter()
    repeat(count)
    seconds = time.perf_counter() - begin
    gc.enable()
    return seconds / count


# ---- The report ----


def write(cells, quick):
    surroundings = run.surroundings()
    bars = all_bars(cells)
    path = report.results_folder(surroundings, quick) / "from_python.json"
    report.write_json(surroundings | {"bars": bars, "cells": cells}, path)
    verdict = {True: "holds", False: "**does not hold**"}
    bars_table = report.markdown_table(
        ["what", "at most", "measured", ""],
        [[bar["what"], bar["bar"], bar["measured"], verdict[bar["holds"]]] for bar in bars],
    )
    parts = [
        "# Measured: attention from Python\n",
        report.wrapped(report.machine_text(surroundings)),
        report.wrapped(report.quiet_text({cell["cell"]: cell for cell in cells})),
        "Forward, f32, microseconds of a call, on all cores. Shapes are B, H, T, S, D.\n",
        times_table(cells),
        bars_table,
    ]
    path.with_suffix(".md").write_text("\n".join(parts))
    print(f"\n{bars_table}\nwrote {path} and {path.with_suffix('.md').name}")


def all_bars(cells):
    """What must hold: medians of Python less those of C, or as a part of them."""
    first, *others = cells
    bars = []
    for name in (NUMPY, TENSORS):
        overhead = median(first, name) - median(first, C)
        bars.append(
            {
                "what": f"{first['cell']}: {name}, beyond C",
                "bar": f"{1e6 * MOST_OVERHEAD:.0f} µs",
                "measured": f"{1e6 * overhead:.2f} µs",
                "holds": overhead < MOST_OVERHEAD,
            }
        )
    for cell in others:
        allowed = median(cell, C) * MOST_RATIO + MOST_OVERHEAD
        bars.append(
            {
                "what": f"{cell['cell']}: {NUMPY}",
                "bar": f"{1e6 * allowed:,.1f} µs",
                "measured": f"{1e6 * median(cell, NUMPY):,.1f} µs",
                "holds": median(cell, NUMPY) <= allowed,
            }
        )
    return bars


def median(cell, name):
    return cell["results"][name]["median"]


def times_table(cells):
    rows = []
    for cell in cells:
        for name, result in cell["results"].items():
            numbers = [f"{1e6 * result[statistic]:,.2f}" for statistic in ("min", "median")]
            ratio = f"{median(cell, TORCH) / result['median']:.2f} ×"
            rows.append([cell["cell"], name, *numbers, str(result["calls"]), ratio])
    titles = ["shape", "who", "at best", "median", "calls", "to PyTorch f32"]
    return report.markdown_table(titles, rows)


if __name__ == "__main__":
    sys.exit(main())
