"""The report, made of what was measured: for each processor JSON, tables in Markdown and a plot,
and for all of them the numbers in docs/performance.md."""

import json
import re
import textwrap

import bars
import libraries
import plot
from matrix import BACKWARD, DECODE, FEW_ROWS, FORWARD, MATMUL

RESULTS = libraries.ROOT / "bench" / "results"
PAGE = libraries.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


# ---- Where it lies ----


def processor_name(surroundings):
    """A name for the folder of its results: the words of the processor's name that tell it from
    others, and what clearhead's kernels ran as. "xeon-amx", "epyc-9b45-avx512_bf16"."""
    machine = surroundings["machine"]
    common = r"\((r|tm)\)|\b(intel|amd|cpu|processor|\d+-core)\b|@.*"
    words = re.findall(r"[a-z0-9.]+", re.sub(common, " ", machine["cpu"].lower()))
    return "-".join([*words, machine["kernel_target"]])


def build_folder(surroundings, quick):
    folder = libraries.ROOT / "build" / "bench" / ("quick" if quick else "")
    return folder / processor_name(surroundings)


def results_folder(surroundings, quick):
    """Made, if it is not there."""
    folder = RESULTS / processor_name(surroundings)
    if quick:
        folder = build_folder(surroundings, quick)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def all_results(name):
    """What was measured on each processor: (folder, the content of its JSON of this name)."""
    paths = sorted(RESULTS.glob(f"*/{name}.json"))
    return [(path.parent, json.loads(path.read_text())) for path in paths]


def write_json(content, path):
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def put_into_page(text, begin, end):
    before, rest = PAGE.read_text().split(begin)
    PAGE.write_text(before + begin + "\n\n" + text + "\n" + end + rest.split(end)[1])


# ---- This report ----


def write(surroundings, cells, quick):
    folder = results_folder(surroundings, quick)
    table = write_folder(folder, surroundings | {"cells": list(cells.values())})
    if not quick:
        write_page()
    print(f"\n{bars_table(table)}\nwrote {folder}/peers.json, peers.md and peers.svg")


def write_again():
    for folder, content in all_results("peers"):
        write_folder(folder, content)
    write_page()


def write_folder(folder, content):
    """JSON, tables and plot of one processor; returns the bars."""
    cells = cells_of(content)
    table = bars.all_bars(cells, content["machine"]["kernel_target"])
    write_json(content | {"bars": [vars(bar) for bar in table]}, folder / "peers.json")
    (folder / "peers.md").write_text(details(content, table, cells))
    plot.write(cells, folder / "peers.svg")
    return table


def cells_of(content):
    return {cell["key"]: cell for cell in content["cells"]}


def write_page():
    """The bars of all processors side by side."""
    parts, columns = [], {}
    for folder, content in all_results("peers"):
        cells = cells_of(content)
        parts.append(f"**{folder.name}** ([every cell](../bench/results/{folder.name}/peers.md)). ")
        parts[-1] = wrapped(parts[-1] + machine_text(content) + quiet_text(cells))
        columns[folder.name] = bars.all_bars(cells, content["machine"]["kernel_target"])
    put_into_page("\n".join([*parts, side_by_side(columns)]), BEGIN, END)


def side_by_side(columns):
    """A row for each bar, a column for each processor."""
    rows = {}
    for processor, table in columns.items():
        for bar in table:
            rows.setdefault(bar.what, dict.fromkeys(columns, "–"))[processor] = bar_text(bar)
    rows = [[what, *texts.values()] for what, texts in rows.items()]
    return markdown_table(["what (what must be reached)", *columns], rows)


def bar_text(bar):
    if bar.holds is None:
        return bar.measured
    text = bar.measured if bar.holds else f"**{bar.measured}**"
    return f"{text} ({bar.at_least})"


def quiet_text(cells):
    shares = [cell["others_share"] for cell in cells.values()]
    return (
        f"While it was measured, others took {max(shares):.0%} of the processors at most, "
        f"{sum(shares) / len(shares):.1%} on average."
    )


def details(surroundings, table, cells):
    timed = [cell for cell in cells.values() if "results" in cell]
    parts = [
        "# Measured: clearhead and its peers",
        "",
        wrapped(machine_text(surroundings)),
        wrapped(quiet_text(cells)),
        "## What must hold",
        "",
    ]
    parts += [bars_table(table), slower_text(timed)]
    for kind in (MATMUL, FORWARD, BACKWARD, DECODE, FEW_ROWS):
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
    return (
        f"Machine: {machine['cpu'] or 'unknown processor'}{virtual}; {machine['cores']} cores; "
        f"{', '.join(caches.values())}; {machine['memory_bytes'] / 2**30:.0f} GiB; "
        f"{machine['system']}. "
        f"Instruction sets: {' '.join(machine['instruction_sets'])}. "
        f"clearhead {machine['clearhead']} (source tree {surroundings['source']}), "
        f"{machine['compiler']}, kernels run as {machine['kernel_target']}. Peers: {versions}, "
        f"Python {surroundings['python']}. " + forced_text(surroundings)
    )


def forced_text(surroundings):
    limits = surroundings.get("peers_limited_by")
    if not limits:
        return ""
    target = surroundings["machine"]["kernel_target"]
    text = (
        f"This is less than the processor has: CLEARHEAD_FORCE_TARGET={target}, and peers limited "
        f"by {', '.join(f'{name}={value}' for name, value in limits.items())}. "
    )
    if target == "avx2":
        text += "ONNX Runtime has no such setting and takes no part. "
    return text


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
        return "In no cell is clearhead slower than the fastest peer by more than 5 %.\n"
    lines = [
        f"- {cell['key']}: {ours} is {number:.2f} × as fast as {peer} "
        f"(by the least times {best:.2f} ×)"
        for cell, ours, peer, number in sorted(slower, key=lambda found: found[3])
        for best in [bars.ratio(cell, ours, peer, "min")]
    ]
    return (
        f"clearhead is slower than the fastest peer by more than 5 % in {len(slower)} cells:\n\n"
        + "\n".join(lines)
        + "\n"
    )


def rates_table(cells):
    """A row for each cell: everybody's rate at the median; for clearhead also the fraction of its
    limit."""
    names = contender_names(cells)
    kind = cells[0]["kind"]
    titles = [{MATMUL: "size", FEW_ROWS: "rows × in × out"}.get(kind, "B, H, T, D"), "threads"]
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
            ", ".join(f"{bars.ratio(cell, ours, peer):.2f} ×" for ours, peer in bars.duels(cell))
            or "–"
        )
        rows.append(row)
    read = {DECODE: "keys and values", FEW_ROWS: "weights"}.get(kind)
    unit = f"GB/s of {read} read" if read else "GFLOP/s"
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
