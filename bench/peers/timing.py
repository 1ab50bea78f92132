"""Times of contenders, taken in turns."""

import gc
import time

import numpy as np

import reference

LEAST_ROUNDS = 5
MOST_ROUNDS = 40
ROUND_SECONDS = 0.03  # that a contender's calls of one round take together, if one call is shorter
MOST_CALLS = 10
# A call that takes this part of the time for a cell is slow: it is not warmed up in each round.
SLOW = 1 / 20


class Entry:
    """A contender in one cell: its times, its errors, or why it has none."""

    def __init__(self, contender):
        self.contender = contender
        self.times = []
        self.error = None
        self.spot_error = 0.0
        self.problem = None
        self.seconds = None  # of the first calls, to plan with


def measure_cell(cell, contenders, answer, seconds):
    """Every contender's times on this cell: {name: {...}}. `answer`: the right one for the inputs
    of round 0."""
    entries = []
    for contender in contenders:
        if not contender.can(cell):
            continue
        entry = Entry(contender)
        entries.append(entry)
        _attempt(entry, contender.begin, cell)
    inputs = reference.inputs_of(cell, 0)
    for entry in entries:
        _attempt(entry, _check, cell, entry, inputs, answer)

    begin = time.perf_counter()
    for round_number in range(1, MOST_ROUNDS + 1):
        if round_number > LEAST_ROUNDS and time.perf_counter() - begin > seconds:
            break
        inputs = reference.inputs_of(cell, round_number)
        first = round_number % len(entries)
        for entry in entries[first:] + entries[:first]:
            _attempt(entry, _take_turn, cell, entry, inputs, round_number, seconds)
    return {entry.contender.name: _summary(cell, entry) for entry in entries}


def _attempt(entry, action, *arguments):
    """A contender that cannot do it, or does it wrong, leaves the cell; the report says why."""
    if entry.problem:
        return
    try:
        action(*arguments)
    except Exception as problem:  # whatever a peer throws is its result here
        entry.problem = f"{type(problem).__name__}: {problem}"[:500]


def _check(cell, entry, inputs, answer):
    """The first call is not timed: its answer is compared with the right one. The second says how
    long one takes."""
    contender = entry.contender
    run = contender.prepare(cell, inputs)
    result = run()
    if contender.numbers:
        entry.error = reference.error_of(contender.arrays(cell, result), answer)
        if not entry.error <= reference.tolerance(cell, contender.numbers):
            raise ValueError(f"wrong answer: relative error {entry.error:.2e}")
    del result
    begin = time.perf_counter()
    run()
    entry.seconds = time.perf_counter() - begin
    contender.rest()


def _take_turn(cell, entry, inputs, round_number, seconds):
    contender = entry.contender
    slow = entry.seconds > SLOW * seconds
    if slow and len(entry.times) >= LEAST_ROUNDS:
        return
    run = contender.prepare(cell, inputs)
    calls = int(np.clip(ROUND_SECONDS / entry.seconds, 1, MOST_CALLS))
    result = None if slow else run()
    gc.disable()
    for _ in range(calls):
        result = None
        begin = time.perf_counter()
        result = run()
        entry.times.append(time.perf_counter() - begin)
    gc.enable()
    if contender.numbers:
        error = reference.error_of_some_rows(
            cell, inputs, contender.arrays(cell, result), round_number
        )
        entry.spot_error = max(entry.spot_error, error)
        # Four rows scatter more than all of them.
        if not error <= 3 * reference.tolerance(cell, contender.numbers):
            raise ValueError(
                f"wrong answer in round {round_number}: relative error of some rows {error:.2e}"
            )
    del result, run
    gc.collect()
    contender.rest()
    time.sleep(contender.pause)


def _summary(cell, entry):
    contender = entry.contender
    if entry.problem:
        return {"problem": entry.problem, "error": entry.error}
    low, median = np.percentile(entry.times, [25, 50])
    summary = {
        "min": min(entry.times),
        "p25": float(low),
        "median": float(median),
        "calls": len(entry.times),
    }
    if contender.numbers:
        summary |= {"numbers": contender.numbers, "is_peer": contender.is_peer}
        summary |= {"error": entry.error, "error_of_some_rows": entry.spot_error}
    else:
        summary |= {"work": contender.work()}
        contender.end()
    return summary
