"""What must hold, and whether it does: ratios and fractions over the cells that were measured.

A ratio compares medians of times that were taken in turns. A fraction of a limit compares the
median of a kernel with that of the loop that runs into this limit, in the same cell. Means are
geometric, over the cells of two threads.
"""

import math
from dataclasses import dataclass, field

from matrix import BACKWARD, DECODE, FEW_ROWS, FORWARD, MATMUL, READING

HIGHEST, HIGH, MEDIUM = "clearhead highest", "clearhead high", "clearhead medium"
BF16_CACHE, BF16_WEIGHTS = "clearhead highest, bf16 cache", "clearhead medium, bf16 weights"
LEAST_RATIO = 0.95  # to the fastest peer, in any cell
MOST_ERROR = 1e-4  # of `high`
MEMORY_BAR = 64 * 2**20

# What somebody is compared with, if not with another contender.
PEAK, READ = "of the multiply-add peak", "of reading memory"
PEAK_OF_BF16 = "of the peak of products in bf16"
FASTEST, FASTEST_EACH = "the fastest peer", "the fastest peer, in each cell"

# Columns of bars in bf16: a processor with AMX, one with AVX-512-BF16 alone.
TARGETS = ("amx", "avx512_bf16")
LONG = 1024
ROWS = [  # what, kind, mask, least T, who, to whom, at least; with several numbers, by TARGETS
    ("product, highest", MATMUL, None, 0, HIGHEST, PEAK, 0.9),
    ("product, high", MATMUL, None, 0, HIGH, HIGHEST, (2, None)),
    ("product, medium", MATMUL, None, 0, MEDIUM, PEAK_OF_BF16, (0.55, 0.8)),
    ("product, medium", MATMUL, None, 0, MEDIUM, FASTEST_EACH, (0.95, None)),
    ("product, medium", MATMUL, None, 0, MEDIUM, "PyTorch bf16", (None, 1)),
    ("product, medium", MATMUL, None, 0, MEDIUM, "OpenVINO bf16", (None, 1)),
    ("forward, highest, T ≥ 1024", FORWARD, None, LONG, HIGHEST, PEAK, 0.7),
    ("forward, medium, full, T ≥ 1024", FORWARD, "full", LONG, MEDIUM, HIGHEST, (None, 1.6)),
    ("forward, medium, full, T ≥ 1024", FORWARD, "full", LONG, MEDIUM, "PyTorch bf16", (2, None)),
    ("forward, medium, full, T ≥ 1024", FORWARD, "full", LONG, MEDIUM, "OpenVINO bf16", (1.3, 1.1)),
    ("forward, medium, causal, T ≥ 1024", FORWARD, "causal", LONG, MEDIUM, HIGHEST, (None, 1.6)),
    ("forward, medium, causal, T ≥ 1024", FORWARD, "causal", LONG, MEDIUM, FASTEST, (3, 2)),
    ("backward, medium", BACKWARD, None, 0, MEDIUM, HIGHEST, (None, 1.5)),
    ("backward, medium", BACKWARD, None, 0, MEDIUM, FASTEST, (3.4, None)),
    ("decode, f32", DECODE, None, 0, HIGHEST, READ, 0.85),
    ("decode, bf16", DECODE, None, 0, BF16_CACHE, READ, 0.85),
    ("few rows, f32", FEW_ROWS, None, 0, HIGHEST, READ, 0.85),
    ("few rows, bf16", FEW_ROWS, None, 0, BF16_WEIGHTS, READ, 0.85),
]


@dataclass
class Bar:
    what: str
    at_least: str
    measured: str
    holds: bool | None  # None: it could not be measured, or is no bar here
    cells: int = 0
    worst: str = field(default="")


def all_bars(cells, target):
    """The table of bars for a processor whose kernels run as `target`, in the order in which the
    project states them."""
    timed = [cell for cell in cells.values() if "results" in cell]
    bars = []
    for what, kind, mask, least_T, ours, to, least in ROWS:
        if isinstance(least, tuple):
            least = dict(zip(TARGETS, least)).get(target)
        chosen = [
            cell
            for cell in timed
            if (cell["threads"], cell["kind"]) == (2, kind)
            and mask in (None, cell["mask"])
            and cell["T"] >= least_T
        ]
        bars.append(_bar(what, ours, to, least, chosen))
    products = [cell for cell in timed if cell["kind"] == MATMUL]
    return bars + [_error(products), _never_slower(timed), *_memory(cells)]


def ok(cell, name):
    """The times of a contender in a cell; None if it did not take part or failed."""
    result = cell["results"].get(name)
    return result if result and "median" in result else None


def ratio(cell, name, other, statistic="median"):
    """How many times as fast as `other`; None if one of them has no time."""
    ours, theirs = ok(cell, name), ok(cell, other)
    return theirs[statistic] / ours[statistic] if ours and theirs else None


def limit_of(cell, name):
    """(flop or bytes of the cell, the limit's rate) for a contender; None without a limit."""
    result = ok(cell, name)
    numbers = result["numbers"]
    if cell["kind"] in READING:
        limit = ok(cell, "limit memory_read" + (" bf16" if numbers == "bf16" else ""))
        work = cell["read_bytes"] / (2 if numbers == "bf16" else 1)
    else:
        tiles, pairs = ok(cell, "limit tile_product"), ok(cell, "limit pair_product")
        of_bf16 = {"bf16": tiles or pairs, "high": tiles}.get(numbers)
        limit = of_bf16 or ok(cell, "limit multiply_add")
        # `high` on tiles: three products of halves.
        work = cell["flop"] * (3 if numbers == "high" and tiles else 1)
    return (work, limit["work"] / limit["median"]) if limit else None


def fraction_of_limit(cell, name):
    result = ok(cell, name)
    limit = limit_of(cell, name) if result else None
    return limit[0] / result["median"] / limit[1] if limit else None


def rate(cell, name):
    """flop/s; bytes/s where reading is the limit."""
    result = ok(cell, name)
    if not result:
        return None
    if cell["kind"] in READING:
        return cell["read_bytes"] / (2 if result["numbers"] == "bf16" else 1) / result["median"]
    return cell["flop"] / result["median"]


def fastest_peer(cell, ours):
    """Of those whose numbers are comparable: in bf16 the peers' f32 counts too, where it is faster
    than their bf16. None if nobody has a time."""
    numbers = ("f32",) if ours == HIGHEST else ("f32", "bf16")
    peers = [
        name
        for name, result in cell["results"].items()
        if ok(cell, name) and result.get("is_peer") and result["numbers"] in numbers
    ]
    return min(peers, key=lambda name: cell["results"][name]["median"], default=None)


def duels(cell):
    """(clearhead's contender, fastest peer) wherever both have a time, in f32 and in bf16."""
    for ours in (HIGHEST, MEDIUM, BF16_CACHE, BF16_WEIGHTS):
        peer = fastest_peer(cell, ours)
        if ok(cell, ours) and peer:
            yield ours, peer


def slower_cells(timed):
    """(cell, clearhead's contender, peer, ratio), where the ratio is too small."""
    return [
        (cell, ours, peer, ratio(cell, ours, peer))
        for cell in timed
        for ours, peer in duels(cell)
        if ratio(cell, ours, peer) < LEAST_RATIO
    ]


def geometric_mean(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers))


def _bar(what, ours, to, least, chosen):
    """A bar for the geometric mean, or the smallest, of what the cells give; `worst` names the
    smallest. Without `least` it is no bar for this kind of processor."""
    if to in (PEAK, PEAK_OF_BF16, READ):
        title, text = f"{what}: {to}", "{:.0%}"
        numbers = [fraction_of_limit(cell, ours) for cell in chosen]
    else:
        title, text = f"{what}: to {to.removeprefix('clearhead ')}", "{:.2f} ×"
        by_cell = to in (FASTEST, FASTEST_EACH)
        numbers = [
            ratio(cell, ours, fastest_peer(cell, ours) if by_cell else to) for cell in chosen
        ]
    at_least = "–"
    if least is not None:
        at_least = f"{least:g} ×" if "×" in text else text.format(least)
    pairs = [(number, cell) for number, cell in zip(numbers, chosen) if number is not None]
    if not pairs:
        return Bar(title, at_least, "not measured here", None)
    smallest, cell = min(pairs, key=lambda pair: pair[0])
    mean = geometric_mean([number for number, _ in pairs])
    measured = smallest if to == FASTEST_EACH else mean
    worst = f"{text.format(smallest)} ({' '.join((cell['size'], cell['mask'])).strip()})"
    holds = None if least is None else measured >= least
    return Bar(title, at_least, text.format(measured), holds, len(pairs), worst)


def _error(products):
    errors = [result["error"] for cell in products if (result := ok(cell, HIGH))]
    title, at_most = "product, high: largest relative error", f"below {MOST_ERROR:g}"
    if not errors:
        return Bar(title, at_most, "not measured here", None)
    return Bar(title, at_most, f"{max(errors):.1e}", max(errors) < MOST_ERROR, len(errors))


def _never_slower(timed):
    count = sum(1 for cell in timed for _ in duels(cell))
    slower = slower_cells(timed)
    what = "any single cell, one and two threads: to the fastest peer"
    at_least = f"{LEAST_RATIO} ×"
    if not count:
        return Bar(what, at_least, "not measured here", None)
    bar = Bar(what, at_least, f"slower in {len(slower)} of {count}", not slower, count)
    if slower:
        cell, ours, peer, number = min(slower, key=lambda found: found[3])
        bar.worst = f"{number:.2f} × ({cell['key']}: {ours} to {peer})"
    return bar


def _memory(cells):
    for cell in cells.values():
        if cell["kind"] != "memory":
            continue
        what = f"memory beyond inputs and outputs, T = {cell['T']:,}, D = 64, {cell['precision']}"
        at_most = f"below {MEMORY_BAR >> 20} MiB"
        if "problem" in cell:
            yield Bar(what, at_most, cell["problem"], None)
            continue
        forward, backward = cell["forward_bytes"], cell["backward_bytes"]
        text = f"{forward / 2**20:.1f} MiB forward, {backward / 2**20:.1f} MiB with backward"
        yield Bar(what, at_most, text, max(forward, backward) < MEMORY_BAR, 1)
