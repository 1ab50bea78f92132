"""The report of training.py: JSON, Markdown, and the numbers in docs/performance.md."""

import json
import statistics

import engine
import report
import run
from setting import HIGHEST, MEDIUM, TORCH

BEGIN, END = "<!-- training: begin -->", "<!-- training: end -->"


def write(cells, into_docs):
    surroundings = run.surroundings()
    folder = (
        engine.ROOT / "bench" / "results"
        if into_docs
        else engine.ROOT / "build" / "bench" / "quick"
    )
    folder.mkdir(parents=True, exist_ok=True)
    bars = all_bars(cells)
    content = surroundings | {"bars": bars, "cells": cells}
    (folder / "training.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    parts = [
        report.machine_text(surroundings),
        report.quiet_text({c["kind"] + c["setting"]: c for c in timed(cells)}),
    ]
    parts.append(bars_table(bars))
    parts.append(limits_table(timed(cells)))
    details = parts + [
        part for cell in cells for part in (f"## {title_of(cell)}", "", table_of(cell))
    ]
    (folder / "training.md").write_text(
        "\n".join(["# Measured: training beside PyTorch", "", *details])
    )
    if into_docs:
        before, rest = report.PAGE.read_text().split(BEGIN)
        text = "\n".join([*parts, *map(table_with_title, cells)])
        report.PAGE.write_text(before + BEGIN + "\n\n" + text + "\n" + END + rest.split(END)[1])
    print(f"\n{bars_table(bars)}\nwrote {folder}/training.json and training.md")


def timed(cells):
    return [cell for cell in cells if "others_share" in cell]


def title_of(cell):
    what = {
        "training": "seconds a step",
        "memory": "memory of training",
        "generation": "tokens a second, batch 1",
    }
    return f"{cell['name'][0].upper()}{cell['name'][1:]}: {what[cell['kind']]}"


def table_with_title(cell):
    return f"{title_of(cell)}:\n\n{table_of(cell)}"


def all_bars(cells):
    """What must hold: the ratio of the medians, of PyTorch in f32 to clearhead."""
    small, baby, memory, generation = cells
    bars = [
        _times(f"{small['name']}, a step, highest", 3, small, HIGHEST),
        _times(f"{small['name']}, a step, medium", 5, small, MEDIUM),
        _times(f"{baby['name']}, a step, medium", 8, baby, MEDIUM),
        _times(f"{generation['name']}, generation, medium", 3, generation, MEDIUM),
    ]
    peaks = {name: result["peak_bytes"] for name, result in memory["results"].items()}
    for name in (HIGHEST, MEDIUM):
        bars.append(
            {
                "what": f"{memory['name']}, peak memory, {name.split()[-1]}",
                "bar": f"below {_mib(peaks[TORCH])}",
                "measured": _mib(peaks[name]),
                "holds": peaks[name] < peaks[TORCH],
            }
        )
    return bars


def _times(what, least, cell, name):
    ratio = cell["results"][TORCH]["median"] / cell["results"][name]["median"]
    return {
        "what": what,
        "bar": f"{least} ×",
        "measured": f"{ratio:.2f} ×",
        "holds": ratio >= least,
    }


def _mib(bytes):
    return f"{bytes / 2**20:,.0f} MiB"


def bars_table(bars):
    verdict = {True: "holds", False: "**does not hold**"}
    rows = [[bar["what"], bar["bar"], bar["measured"], verdict[bar["holds"]]] for bar in bars]
    return report.markdown_table(["to PyTorch f32", "at least", "measured", ""], rows)


def limits_table(cells):
    """What the machine did in loops that run into its limits, between the turns of all cells."""
    names = {
        "multiply_add": "multiply-adds in f32",
        "tile_product": "tile products in bf16",
        "memory_read": "reading memory",
    }
    rows = []
    for name, text in names.items():
        rates = sorted(rate for cell in cells for rate in cell["limits"].get(name, []))
        if not rates:
            continue
        numbers = [f"{rate / 1e9:,.0f}" for rate in (rates[0], statistics.median(rates), rates[-1])]
        rows.append([text, "GB/s" if name == "memory_read" else "GFLOP/s", *numbers])
    titles = ["limits of the machine meanwhile, all cores", "", "lowest", "median", "highest"]
    return report.markdown_table(titles, rows)


def table_of(cell):
    results = cell["results"]
    if cell["kind"] == "memory":
        rows = [
            [name, _mib(r["peak_bytes"]), _mib(r["peak_bytes"] - r["before_bytes"])]
            for name, r in results.items()
        ]
        return report.markdown_table(
            ["who", "peak", "beyond what was there before the model"], rows
        )
    rows = []
    for name, r in results.items():
        if cell["kind"] == "generation":
            numbers = [
                f"{cell['tokens'] / r[statistic]:,.0f}" for statistic in ("min", "p25", "median")
            ]
        else:
            numbers = [f"{r[statistic]:.4g}" for statistic in ("min", "p25", "median")]
        ratio = results[TORCH]["median"] / r["median"]
        rows.append([name, *numbers, str(r["calls"]), f"{ratio:.2f} ×"])
    titles = ["who", "at best", "25 %", "median", "calls", "to PyTorch f32"]
    return report.markdown_table(titles, rows)
