"""The report of checkpoints.py: JSON, Markdown, and the numbers in docs/performance.md."""

import importlib.metadata
import statistics

import checkpoint_files as files
import report
import run
import training_report
from checkpoints import (
    BF16_WEIGHTS,
    HIGH,
    HIGHEST,
    LLAMA_BF16,
    LLAMA_F16,
    MEDIUM,
    ONNX_RUNTIME,
    OPENVINO,
    SENTENCE_TRANSFORMERS,
    TORCH,
    TORCH_BF16,
)

BEGIN, END = "<!-- checkpoints: begin -->", "<!-- checkpoints: end -->"
OPENING_BAR = 0.05  # seconds


def write(cells, quick):
    surroundings = run.surroundings()
    for name in ("sentence-transformers", "transformers"):
        surroundings["packages"][name] = importlib.metadata.version(name)
    surroundings["packages"]["node-llama-cpp"] = files.NODE_PACKAGES[0].split("@")[-1]
    folder = report.results_folder(surroundings, quick)
    bars = all_bars(cells)
    content = surroundings | {"bars": bars, "cells": cells}
    report.write_json(content, folder / "checkpoints.json")
    (folder / "checkpoints.md").write_text(
        "\n".join(["# Measured: models of others\n", *parts_of(content)])
    )
    if not quick:
        write_page()
    print(f"\n{bars_table(bars)}\nwrote {folder}/checkpoints.json and checkpoints.md")


def write_page():
    parts = []
    for folder, content in report.all_results("checkpoints"):
        parts += [f"### {folder.name}\n", *parts_of(content)]
    report.put_into_page("\n".join(parts), BEGIN, END)


def parts_of(content):
    measured = training_report.timed(content["cells"])
    return [
        report.wrapped(report.machine_text(content)),
        report.wrapped(report.quiet_text({cell["kind"]: cell for cell in measured})),
        bars_table(all_bars(content["cells"])),
        training_report.limits_table(measured),
        *(f"{title_of(cell)}:\n\n{table_of(cell)}" for cell in measured),
    ]


def all_bars(cells):
    """What must hold: ratios of medians."""
    embedding, prompt, generation, opening = cells
    bars = [
        _times("vectors, f32", 1.5, embedding, HIGHEST, SENTENCE_TRANSFORMERS),
        _times("vectors, f32", 1, embedding, HIGHEST, ONNX_RUNTIME),
        _times("vectors, f32", 1, embedding, HIGHEST, OPENVINO),
        _times("vectors, f32 as two bf16", 1.5, embedding, HIGH, SENTENCE_TRANSFORMERS),
        _times("vectors, f32 as two bf16", 1, embedding, HIGH, ONNX_RUNTIME),
        _times("vectors, f32 as two bf16", 1, embedding, HIGH, OPENVINO),
        _times("vectors, bf16", 1, embedding, MEDIUM, "sentence-transformers bf16"),
        _times("vectors, bf16", 1, embedding, MEDIUM, "OpenVINO bf16"),
        _times("prompt, f32", 1.5, prompt, HIGHEST, TORCH),
        _times("prompt, f32 as two bf16", 1.5, prompt, HIGH, TORCH),
        _times("prompt, bf16", 1, prompt, MEDIUM, TORCH_BF16),
    ]
    for peer in (LLAMA_F16, LLAMA_BF16):
        if peer in generation["results"]:
            bars.append(_times("generation, 16 bits a weight", 1, generation, BF16_WEIGHTS, peer))
    for how, result in opening["results"].items():
        bars.append(
            {
                "what": f"opening {opening['bytes'] / 1e6:,.0f} MB {how}",
                "peer": "–",
                "bar": f"below {1e3 * OPENING_BAR:.0f} ms",
                "measured": f"{1e3 * result['median']:.2f} ms",
                "holds": result["median"] < OPENING_BAR,
            }
        )
    return bars


def _times(what, least, cell, name, peer):
    ratio = cell["results"][peer]["median"] / cell["results"][name]["median"]
    return {
        "what": f"{what}: {name}",
        "peer": peer,
        "bar": f"{least} ×",
        "measured": f"{ratio:.2f} ×",
        "holds": ratio >= least,
    }


def bars_table(bars):
    verdict = {True: "holds", False: "**does not hold**"}
    rows = [[b["what"], b["peer"], b["bar"], b["measured"], verdict[b["holds"]]] for b in bars]
    return report.markdown_table(["what", "to", "at least", "measured", ""], rows)


def title_of(cell):
    if cell["kind"] == "embedding":
        return f"Vectors of {cell['sentences']:,} sentences, seconds"
    if cell["kind"] == "prompt":
        return f"A prompt of {cell['tokens']} tokens, seconds"
    return f"{cell['tokens']} tokens after {cell['prompt']}, tokens a second"


def table_of(cell):
    results = cell["results"]
    first = results[next(iter(results))]["median"]
    rows = []
    for name, r in results.items():
        times = [r[statistic] for statistic in ("min", "p25", "median")]
        if cell["kind"] == "generation":
            times = [cell["tokens"] / seconds for seconds in times]
        row = [name, *(f"{number:.4g}" for number in times), str(r["calls"])]
        row += [f"{first / r['median']:.2f} ×", f"{cell['errors'][name]:.1e}"]
        if cell["kind"] == "generation":
            rate = cell["weight_bytes"][name] * cell["tokens"] / r["median"]
            row.append(f"{rate / statistics.median(cell['limits']['memory_read']):.0%}")
        else:
            peak = statistics.median(cell["limits"]["multiply_add"])
            row.append(f"{cell['flop'] / r['median'] / peak:.0%}")
        rows.append(row)
    titles = ["who", "at best", "25 %", "median", "calls", "to the first"]
    titles += {
        "embedding": ["largest difference to the first", "of the f32 peak"],
        "prompt": ["largest difference to the first", "of the f32 peak"],
        "generation": ["farthest below the likeliest token", "weights read, of reading memory"],
    }[cell["kind"]]
    return report.markdown_table(titles, rows)
