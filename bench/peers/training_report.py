"""The report of training.py: JSON, Markdown, and the numbers in docs/performance.md."""

import statistics

import report
import run
from bars import LEAST_RATIO
from setting import HIGHEST, MEDIUM, TORCH

BEGIN, END = "<!-- training: begin -->", "<!-- training: end -->"


def write(cells, quick):
    surroundings = run.surroundings()
    folder = report.results_folder(surroundings, quick)
    bars = all_bars(cells, surroundings["machine"]["kernel_target"])
    content = surroundings | {"bars": bars, "cells": cells}
    report.write_json(content, folder / "training.json")
    details = [f"## {title_of(cell)}\n\n{table_of(cell)}" for cell in cells]
    (folder / "training.md").write_text(
        "\n".join(["# Measured: training beside PyTorch\n", *parts_of(content), *details])
    )
    if not quick:
        write_page()
    print(f"\n{bars_table(bars)}\nwrote {folder}/training.json and training.md")


def write_page():
    parts = []
    for folder, content in report.all_results("training"):
        parts += [f"### {folder.name}\n", *parts_of(content)]
        parts += map(table_with_title, content["cells"])
    report.put_into_page("\n".join(parts), BEGIN, END)


def parts_of(content):
    """Machine, bars and limits."""
    measured = timed(content["cells"])
    return [
        report.wrapped(report.machine_text(content)),
        report.wrapped(report.quiet_text({c["kind"] + c["setting"]: c for c in measured})),
        bars_table(all_bars(content["cells"], content["machine"]["kernel_target"])),
        limits_table(measured),
    ]


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


def all_bars(cells, target):
    """What must hold: the ratio of the medians, of the fastest of PyTorch's to clearhead's."""
    small, baby, memory, generation = cells
    baby_bar = {"amx": 2.5, "avx512_bf16": 1.7}.get(target)
    bars = [
        _times(f"{small['name']}, a step, highest", LEAST_RATIO, small, HIGHEST),
        _times(f"{small['name']}, a step, medium", LEAST_RATIO, small, MEDIUM),
        _times(f"{baby['name']}, a step, medium", baby_bar, baby, MEDIUM),
        _times(f"{generation['name']}, generation, medium", LEAST_RATIO, generation, MEDIUM),
    ]
    peaks = {name: result["peak_bytes"] for name, result in memory["results"].items()}
    for name in (HIGHEST, MEDIUM):
        bars.append(
            {
                "what": f"{memory['name']}, peak memory, {name.split()[-1]}",
                "to": TORCH,
                "bar": f"below {_mib(peaks[TORCH])}",
                "measured": _mib(peaks[name]),
                "holds": peaks[name] < peaks[TORCH],
            }
        )
    return bars


def _times(what, least, cell, name):
    """Without `least` there is no bar for this kind of processor."""
    medians = {other: result["median"] for other, result in cell["results"].items()}
    peers = [other for other in medians if other.startswith("PyTorch")]
    fastest = TORCH if name == HIGHEST else min(peers, key=medians.get)
    ratio = medians[fastest] / medians[name]
    return {
        "what": what,
        "to": fastest,
        "bar": f"{least} ×" if least else "–",
        "measured": f"{ratio:.2f} ×",
        "holds": ratio >= least if least else None,
    }


def _mib(bytes):
    return f"{bytes / 2**20:,.0f} MiB"


def bars_table(bars):
    verdict = {True: "holds", False: "**does not hold**", None: "–"}
    rows = [[b["what"], b["to"], b["bar"], b["measured"], verdict[b["holds"]]] for b in bars]
    return report.markdown_table(["what", "to", "at least", "measured", ""], rows)


def limits_table(cells):
    """What the machine did in loops that run into its limits, between the turns of all cells."""
    names = {
        "multiply_add": "multiply-adds in f32",
        "tile_product": "tile products in bf16",
        "pair_product": "products of pairs in bf16",
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
