"""The report, made of what was measured: JSON, tables in Markdown, a plot, and the numbers in
docs/performance.md."""

import json
import textwrap

import bars
import engine
import plot
from matrix import BACKWARD, DECODE, FORWARD, MATMUL

PAGE = engine.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(surroundings, cells, folder, into_docs):
    folder.mkdir(parents=True, exist_ok=True)
    table = bars.all_bars(cells)
    content = surroundings | {"bars": [vars(bar) for bar in table], "cells": list(cells.values())}
    (folder / "peers.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    (folder / "peers.md").write_text(details(surroundings, table, cells))
    plot.write(cells, folder / "peers.svg")
    if into_docs:
        before, rest = PAGE.read_text().split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(
            before + BEGIN + "\n\n" + summary(surroundings, table, cells) + "\n" + END + after
        )
    print(f"\n{bars_table(table)}\nwrote {folder}/peers.json, peers.md and peers.svg")


def summary(surroundings, table, cells):
    return f"{machine_text(surroundings)}\n{quiet_text(cells)}\n{bars_table(table)}"


def quiet_text(cells):
    shares = [cell["others_share"] for cell in cells.values()]
    mean = sum(shares) / len(shares)
    most = max(shares)
    return wrapped(
        f"While it was measured, others took {most:.0%} of the processors at most, "
        f"{mean:.1%} on average."
    )


def details(surroundings, table, cells):
    timed = [cell for cell in cells.values() if "results" in cell]
    parts = [
        "# Measured: clearhead and its peers",
        "",
        machine_text(surroundings),
        quiet_text(cells),
        "## What must hold",
        "",
    ]
    parts += [bars_table(table), slower_text(timed)]
    for kind in (MATMUL, FORWARD, BACKWARD, DECODE):
        chosen = [cell for cell in timed if cell["kind"] == kind]
        if chosen:
            parts += [f"## {kind.capitalize()}", "", rates_table(chosen)]
    return "\n".join(parts + ["## All times", "", times_table(timed)])


def machine_text(surroundings):
    machine = surroundings["machine"]
    caches = {}
    for cache in machine["caches"]:
        if cache["type"] != "instruction":
            caches[cache["level"]] = f"L{cache['level']} {cache['bytes'] >> 10:,} KiB"
    virtual = ", a virtual machine" if machine["is_virtual"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in surroundings["packages"].items())
    return wrapped(
        f"Machine: {machine['cpu'] or 'unknown processor'}{virtual}; {machine['cores']} cores; "
        f"{', '.join(caches.values())}; {machine['memory_bytes'] / 2**30:.0f} GiB; "
        f"{machine['system']}. "
        f"Instruction sets: {' '.join(machine['instruction_sets'])}. "
        f"clearhead {machine['clearhead']} (source tree {surroundings['source']}), "
        f"{machine['compiler']}, kernels run as {machine['kernel_target']}. Peers: {versions}, "
        f"Python {surroundings['python']}."
    )


def wrapped(text):
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False) + "\n"


def markdown_table(titles, rows):
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def bars_table(table):
    verdict = {True: "holds", False: "**does not hold**", None: "–"}
    return markdown_table(
        ["what", "at least", "measured", "", "cells", "worst"],
        [
            [b.what, b.at_least, b.measured, verdict[b.holds], str(b.cells), b.worst or "–"]
            for b in table
        ],
    )


def slower_text(timed):
    slower = bars.slower_cells(timed)
    if not slower:
        return "In no cell is clearhead slower than the fastest peer.\n"
    lines = [
        f"- {cell['key']}: {ours} is {number:.2f} × as fast as {peer} "
        f"(by the least times {best:.2f} ×)"
        for cell, ours, peer, number in sorted(slower, key=lambda found: found[3])
        for best in [bars.ratio(cell, ours, peer, "min")]
    ]
    return (
        f"clearhead is slower than the fastest peer in {len(slower)} cells:\n\n"
        + "\n".join(lines)
        + "\n"
    )


def rates_table(cells):
    """A row for each cell: everybody's rate at the median; for clearhead also the fraction of its
    limit."""
    names = contender_names(cells)
    titles = ["B, H, T, D" if cells[0]["kind"] != MATMUL else "size", "threads"]
    rows = []
    for cell in cells:
        row = [" ".join((cell["size"], cell["mask"])).strip(), str(cell["threads"])]
        for name in names:
            rate = bars.rate(cell, name)
            share = bars.fraction_of_limit(cell, name) if name.startswith("clearhead") else None
            row.append(
                "–" if rate is None else f"{rate / 1e9:.3g}" + (f" ({share:.0%})" if share else "")
            )
        row.append(
            ", ".join(f"{bars.ratio(cell, ours, peer):.2f} ×" for _, ours, peer in bars.duels(cell))
            or "–"
        )
        rows.append(row)
    unit = "GB/s of keys and values read" if cells[0]["kind"] == DECODE else "GFLOP/s"
    note = (
        f"{unit} at the median; of clearhead, the fraction of the limit. "
        "Last: to the fastest peer, f32 and bf16.\n"
    )
    return note + "\n" + markdown_table([*titles, *names, "to the fastest"], rows)


def times_table(timed):
    rows = []
    for cell in timed:
        for name, result in cell["results"].items():
            if "problem" in result:
                rows.append(
                    [cell["key"], name, "–", "–", "–", "–", result["problem"].replace("|", "/")]
                )
                continue
            times = [f"{1e3 * result[statistic]:.4g}" for statistic in ("min", "p25", "median")]
            error = result.get("error")
            rows.append(
                [
                    cell["key"],
                    name,
                    *times,
                    str(result["calls"]),
                    "" if error is None else f"{error:.1e}",
                ]
            )
    titles = ["cell", "who", "min ms", "25 % ms", "median ms", "calls", "relative error to f64"]
    return markdown_table(titles, rows)


def contender_names(cells):
    """Those with a time in any of the cells, in the order in which they take part; no limits."""
    names = {}
    for cell in cells:
        for name in cell["results"]:
            if bars.ok(cell, name) and not name.startswith("limit"):
                names[name] = None
    return list(names)
