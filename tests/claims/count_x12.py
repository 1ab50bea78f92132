#!/usr/bin/env python3
"""Counts the claims in files of X12, independently of the reader in C++.

  count_x12.py FOLDER > x12_counts.csv

It knows no loops: a file is split at its terminator, each CLM (837) or CLP (835) begins a claim,
and what stands until the next one belongs to it. A row per claim, in the order of the file: its
number, lines (SV1, SV2, SV3, SVC), diagnoses (HI), charge, and the sum of its adjustments (CAS), in
cents. The test of the reader compares what it reads with that table.
"""

import csv
import pathlib
import re
import sys
from decimal import ROUND_HALF_UP, Decimal

LINES = {"SV1", "SV2", "SV3", "SVC"}
DIAGNOSIS = re.compile(r"A?(BK|BF|BJ|PR|BN)[^A-Z0-9]")  # whatever separates the components
ENDS = {"SE", "GE", "IEA", "ISA", "GS", "ST", "PLB", "HL"}


def segments(text):
    """The segments as lists of elements; ISA has 16 elements, a separator and the terminator."""
    text = text.strip()
    separator, terminator = text[2 if text[:3] != "ISA" else 3], "~"
    if text.startswith("ISA"):
        terminator = text.split(separator, 16)[16][1]
    for segment in text.split(terminator):
        if segment.strip():
            yield [element.strip() for element in segment.strip().split(separator)]


def cents(amount):
    """An amount in cents; 0 where none can be read."""
    try:
        return int((Decimal(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except ArithmeticError:
        return 0


def claims(path):
    """A dictionary per claim."""
    claim = None
    for segment in segments(path.read_text(encoding="utf-8", errors="replace")):
        name = segment[0]
        if name in ("CLM", "CLP") or name in ENDS:
            if claim:
                yield claim
            claim = None
        if name in ("CLM", "CLP"):
            claim = {"file": path.name, "claim": segment[1], "lines": 0, "diagnoses": 0,
                     "charge": cents(segment[2 if name == "CLM" else 3]), "adjusted": 0}
        elif claim:
            claim["lines"] += name in LINES
            if name == "HI":
                claim["diagnoses"] += sum(bool(DIAGNOSIS.match(e)) for e in segment[1:])
            if name == "CAS":
                claim["adjusted"] += sum(cents(amount) for amount in segment[3::3])
    if claim:
        yield claim


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip(), file=sys.stderr if len(sys.argv) != 2 else sys.stdout)
        return 2 if len(sys.argv) != 2 else 0
    columns = ["file", "claim", "lines", "diagnoses", "charge", "adjusted"]
    writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
    writer.writeheader()
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        writer.writerows(claims(path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
