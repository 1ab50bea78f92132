"""What must hold, and whether it does: ratios and fractions over the cells that were measured.

A ratio compares medians of times that were taken in turns. A fraction of a limit compares the
median of a kernel with that of the loop that runs into this limit, in the same cell. Means are
geometric, over the cells of two threads.
"""

import math
from dataclasses import dataclass, field

from matrix import BACKWARD, DECODE, FORWARD, MATMUL

HIGHEST, HIGH, MEDIUM = "clearhead highest", "clearhead high", "clearhead medium"
OF_NUMBERS = {"f32": (HIGHEST,), "bf16": (MEDIUM, "clearhead highest, bf16 cache")}
SHORT = "12, 4, 64, 32"
MEMORY_BAR = 64 * 2**20


@dataclass
class Bar:
    what: str
    at_least: str
    measured: str
    holds: bool | None  # None: it could not be measured
    cells: int = 0
    worst: str = field(default="")


def all_bars(cells):
    """The table of bars, in the order in which the project states them."""
    timed = [cell for cell in cells.values() if "results" in cell]
    two = [cell for cell in timed if cell["threads"] == 2]

    def of(kind, mask=None, least_T=0):
        return [
            c for c in two if c["kind"] == kind and mask in (None, c["mask"]) and c["T"] >= least_T
        ]

    def ratios(name, peer, chosen):
        return [(c, ratio(c, name, peer)) for c in chosen]

    def fractions(name, chosen):
        return [(c, fraction_of_limit(c, name)) for c in chosen]

    def rates(name, chosen, D):
        return [(c, rate(c, name)) for c in chosen if c["D"] == D]

    products, short = of(MATMUL), [c for c in two if c["size"] == SHORT]
    long = 1024
    bars = [
        _share(
            "matrix product, highest: of the multiply-add peak", 0.9, fractions(HIGHEST, products)
        ),
        _share("matrix product, medium: of the AMX peak", 0.6, fractions(MEDIUM, products)),
        _times("matrix product, high, to highest", 2, ratios(HIGH, HIGHEST, products)),
        _error("matrix product, high: largest relative error", 1e-4, HIGH, products),
        _times(
            "forward, highest, full, to PyTorch f32",
            1.8,
            ratios(HIGHEST, "PyTorch f32", of(FORWARD, "full")),
        ),
        _times(
            "forward, highest, causal, to PyTorch f32",
            2.5,
            ratios(HIGHEST, "PyTorch f32", of(FORWARD, "causal")),
        ),
        _share(
            f"forward, highest, T ≥ {long}: of the multiply-add peak",
            0.7,
            fractions(HIGHEST, of(FORWARD, None, long)),
        ),
        _times("forward, medium, to PyTorch bf16", 4, ratios(MEDIUM, "PyTorch bf16", of(FORWARD))),
        _rate(
            f"forward, medium, full, D = 64, T ≥ {long}",
            1.5e12,
            rates(MEDIUM, of(FORWARD, "full", long), 64),
        ),
        _rate(
            f"forward, medium, full, D = 128, T ≥ {long}",
            2e12,
            rates(MEDIUM, of(FORWARD, "full", long), 128),
        ),
        _times(
            "backward, highest, full, to PyTorch f32",
            1.8,
            ratios(HIGHEST, "PyTorch f32", of(BACKWARD, "full")),
        ),
        _times(
            "backward, highest, causal, to PyTorch f32",
            2.5,
            ratios(HIGHEST, "PyTorch f32", of(BACKWARD, "causal")),
        ),
        _times("backward, medium, to PyTorch f32", 4, ratios(MEDIUM, "PyTorch f32", of(BACKWARD))),
        _times(
            f"short ({SHORT}), highest, to PyTorch f32", 3, ratios(HIGHEST, "PyTorch f32", short)
        ),
        _times(
            f"short ({SHORT}), medium, to PyTorch bf16", 3, ratios(MEDIUM, "PyTorch bf16", short)
        ),
    ]
    if not any(ok(cell, "limit tile_product") for cell in timed):
        for bar in bars:
            if "medium" in bar.what or "high," in bar.what:
                bar.measured, bar.holds, bar.worst = "this machine has no AMX", None, ""
    decode = [c for c in of(DECODE) if c["S"] == 32768]
    for name in (HIGHEST, "clearhead highest, bf16 cache"):
        cache = "bf16" if "bf16" in name else "f32"
        bars.append(
            _share(f"decode, 32 k keys, {cache}: of reading memory", 0.8, fractions(name, decode))
        )
    return bars + [_never_slower(timed), *_memory(cells)]


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
    if cell["kind"] == DECODE:
        in_bf16 = result["numbers"] == "bf16"
        limit = ok(cell, "limit memory_read" + (" bf16" if in_bf16 else ""))
        work = cell["cache_bytes"] / (2 if in_bf16 else 1)
    else:
        limit = ok(
            cell, "limit multiply_add" if result["numbers"] == "f32" else "limit tile_product"
        )
        work = cell["flop"] * (3 if result["numbers"] == "high" else 1)  # three products of halves
    return (work, limit["work"] / limit["median"]) if limit else None


def fraction_of_limit(cell, name):
    result = ok(cell, name)
    limit = limit_of(cell, name) if result else None
    return limit[0] / result["median"] / limit[1] if limit else None


def rate(cell, name):
    """flop/s; bytes/s of decoding."""
    result = ok(cell, name)
    if not result:
        return None
    if cell["kind"] == DECODE:
        return cell["cache_bytes"] / (2 if result["numbers"] == "bf16" else 1) / result["median"]
    return cell["flop"] / result["median"]


def duels(cell):
    """(kind of numbers, clearhead's contender, fastest peer) wherever both have a time. In bf16 the
    peers' f32 counts too, where it is faster than their bf16."""
    for numbers, names in OF_NUMBERS.items():
        ours = next((name for name in names if ok(cell, name)), None)
        peers = [
            name
            for name, result in cell["results"].items()
            if ok(cell, name) and result.get("is_peer") and result["numbers"] in ("f32", numbers)
        ]
        if ours and peers:
            yield numbers, ours, min(peers, key=lambda name: cell["results"][name]["median"])


def slower_cells(timed):
    """(cell, clearhead's contender, peer, ratio below 1)."""
    return [
        (cell, ours, peer, ratio(cell, ours, peer))
        for cell in timed
        for _, ours, peer in duels(cell)
        if ratio(cell, ours, peer) < 1
    ]


def geometric_mean(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers))


def _bar(what, at_least, least, pairs, text):
    """A bar for the geometric mean of the numbers in (cell, number); `worst` names the smallest."""
    pairs = [(cell, number) for cell, number in pairs if number is not None]
    if not pairs:
        return Bar(what, at_least, "not measured here", None)
    mean = geometric_mean([number for _, number in pairs])
    cell, number = min(pairs, key=lambda pair: pair[1])
    worst = f"{text(number)} ({' '.join((cell['size'], cell['mask'])).strip()})"
    return Bar(what, at_least, text(mean), mean >= least, len(pairs), worst)


def _times(what, least, pairs):
    return _bar(what, f"{least} ×", least, pairs, lambda x: f"{x:.2f} ×")


def _share(what, least, pairs):
    return _bar(what, f"{least:.0%}", least, pairs, lambda x: f"{x:.0%}")


def _rate(what, least, pairs):
    return _bar(
        what, f"{least / 1e12:g} TFLOP/s", least, pairs, lambda x: f"{x / 1e12:.2f} TFLOP/s"
    )


def _error(what, most, name, chosen):
    errors = [result["error"] for cell in chosen if (result := ok(cell, name))]
    at_most = f"below {most:g}"
    if not errors:
        return Bar(what, at_most, "not measured here", None)
    return Bar(what, at_most, f"{max(errors):.1e}", max(errors) < most, len(errors))


def _never_slower(timed):
    count = sum(1 for cell in timed for _ in duels(cell))
    slower = slower_cells(timed)
    what, least = "any single cell, one and two threads, to the fastest peer", "1 ×"
    if not count:
        return Bar(what, least, "not measured here", None)
    bar = Bar(what, least, f"slower in {len(slower)}", not slower, count)
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
