#!/usr/bin/env python3
"""Measures clearhead and its peers in one run, in turns; each answer is checked against f64 first.

    bench/peers/run.py                all, about two hours; goes on where it was stopped
    bench/peers/run.py --quick        one tiny shape of each kind, to see that it works
    bench/peers/run.py --only decode  the cells whose name contains this text, or another one
    bench/peers/run.py --report       writes the report again from bench/results

CLEARHEAD_FORCE_TARGET=avx2 (or avx512_bf16) measures a lesser processor than this one (forced.py).

What is measured lies in build/bench/<processor>/cells.jsonl, a line for each cell. Of that is made
what is in bench/results/<processor>/: JSON, tables and a plot; and of all processors there, the
numbers in docs/performance.md. scripts/bench sets up everything and runs this.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import time

import forced  # before what it limits
import contenders as taking_part
import engine
import libraries
import matrix
import memory
import reference
import report
import timing

PACKAGES = ("torch", "onnxruntime", "openvino", "numpy")
SECONDS = 15  # for a cell, without preparing and checking it
QUICK_SECONDS = 0.2


def main():
    arguments = parse_arguments()
    if arguments.report:
        report.write_again()
        return
    record = Record(surroundings(), arguments)
    measure(arguments, record)
    report.write(record.surroundings, record.cells, arguments.quick)
    if arguments.quick and any(problems_of_clearhead(record.cells)):
        raise SystemExit("\n".join(problems_of_clearhead(record.cells)))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="one tiny shape of each kind, for a moment"
    )
    parser.add_argument(
        "--only",
        metavar="TEXT",
        nargs="+",
        help="only cells whose name contains this text, or one of these",
    )
    parser.add_argument("--again", action="store_true", help="measure these cells again")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument(
        "--report", action="store_true", help="measure nothing, only write the report"
    )
    parser.add_argument("--seconds", type=float, help=f"for each cell ({SECONDS} if not given)")
    return parser.parse_args()


class Record:
    """What was measured, as JSON lines in a file: the surroundings first, then each cell."""

    def __init__(self, surroundings, arguments):
        self.path = path = report.build_folder(surroundings, arguments.quick) / "cells.jsonl"
        self.surroundings = surroundings
        self.cells = {}
        if arguments.fresh or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(self.surroundings) + "\n")
            return
        first, *lines = path.read_text().splitlines()
        before = json.loads(first)
        differing = [
            name for name in self.surroundings if before.get(name) != self.surroundings[name]
        ]
        if differing:
            raise SystemExit(
                f"{path} was measured with other {', '.join(differing)}. One report comes from one "
                f"machine and one build: --fresh starts anew, or move that file away"
            )
        for line in lines:
            try:
                cell = json.loads(line)
            except json.JSONDecodeError:  # the last line of a run that was stopped while it wrote
                continue
            self.cells[cell["key"]] = cell  # a later line replaces an earlier one

    def add(self, cell):
        self.cells[cell["key"]] = cell
        with self.path.open("a") as file:
            file.write(json.dumps(cell) + "\n")


def surroundings():
    """The machine and the versions."""

    tree = subprocess.run(
        ("git", "rev-parse", "--short=12", "HEAD:clearhead"),
        cwd=libraries.ROOT,
        capture_output=True,
        text=True,
    )
    return {
        "machine": engine.machine(),
        "python": sys.version.split()[0],
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "source": tree.stdout.strip(),  # the tree that `git ls-tree HEAD clearhead` names
        "library": hashlib.sha256(libraries.LIBRARY.read_bytes()).hexdigest()[:12],
        "peers_limited_by": forced.LIMITS,
    }


def measure(arguments, record):
    texts = arguments.only or [""]
    jobs = [job for job in all_jobs(arguments.quick) if any(text in job.key for text in texts)]
    if not jobs:
        raise SystemExit(f"--only {' '.join(texts)}: no cell is called so")
    seconds = arguments.seconds or (QUICK_SECONDS if arguments.quick else SECONDS)
    todo = [job for job in jobs if arguments.again or job.key not in record.cells]
    contenders = taking_part.all_contenders()
    begin = time.monotonic()
    for done, job in enumerate(todo):
        left = (time.monotonic() - begin) / done * (len(todo) - done) if done else None
        show_progress(f"{len(jobs) - len(todo) + done + 1} of {len(jobs)}  {job.key}", left)
        others = OthersShare()
        measured = job.measure(contenders, seconds)
        record.add({"key": job.key, "others_share": others.until_now()} | measured)
    show_progress("", None)


def all_jobs(quick):
    answers = Answers()
    return [CellJob(cell, answers) for cell in matrix.cells(quick)] + memory.jobs(quick)


class Answers:
    """The right answer for the cells that are being measured; calculated once for all of them."""

    def __init__(self):
        self.group = None
        self.answer = None

    def of(self, cell):
        if self.group != cell.group:
            taking_part.set_blas_threads(os.cpu_count())
            self.answer = reference.answer_of(cell, reference.inputs_of(cell, 0))
            taking_part.set_blas_threads(1)
            self.group = cell.group
        return self.answer


class CellJob:
    def __init__(self, cell, answers):
        self.cell = cell
        self.key = cell.key
        self.answers = answers

    def measure(self, contenders, seconds):
        cell = self.cell
        results = timing.measure_cell(cell, contenders, self.answers.of(cell), seconds)
        facts = {"kind": cell.kind, "size": cell.size, "mask": cell.mask, "threads": cell.threads}
        facts |= {
            "flop": cell.flop,
            "read_bytes": cell.read_bytes(4),
            "T": cell.T,
            "S": cell.S,
            "D": cell.D,
        }
        return facts | {"results": results}


class OthersShare:
    """The part of the processor that others take: other processes, other guests of the host."""

    def __init__(self):
        self.begin = self.now()

    def now(self):
        with open("/proc/stat") as file:
            user, nice, system, idle, wait, irq, softirq, steal = map(
                int, file.readline().split()[1:9]
            )
        ours = sum(os.times()[:4]) * os.sysconf("SC_CLK_TCK")
        busy = user + nice + system + irq + softirq + steal
        return busy - ours, busy + idle + wait

    def until_now(self):
        others, all = (now - then for now, then in zip(self.now(), self.begin))
        return round(max(0.0, others / max(all, 1)), 3)


def problems_of_clearhead(cells):
    for key, cell in cells.items():
        for name, result in cell.get("results", {}).items():
            if name.startswith("clearhead") and "problem" in result:
                yield f"{key}: {name}: {result['problem']}"


def show_progress(text, seconds_left):
    if seconds_left is not None:
        text += f"  ({seconds_left / 60:.0f} min left)"
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
