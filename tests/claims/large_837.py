#!/usr/bin/env python3
"""Makes a large 837 out of small ones: one interchange with one transaction set, as the largest
files of payers are.

  large_837.py MEGABYTES SAMPLE... > large.837

What stands below the billing providers of the samples is repeated, with its loops (HL) numbered on
and each claim a number of its own. Samples that use other delimiters than * : ~ are left out.
"""

import pathlib
import sys


def provider_loops(path):
    """The segments from the first HL until SE, or none."""
    segments = [s.strip() for s in path.read_text(encoding="utf-8").split("~") if s.strip()]
    begins = [i for i, s in enumerate(segments) if s.startswith("HL*")]
    ends = [i for i, s in enumerate(segments) if s.startswith("SE*")]
    if not begins or not ends or any(s.startswith("CLM*") and ">" in s for s in segments):
        return []
    return segments[begins[0] : ends[0]]


def renumber(segments, first_hl, claim):
    """The loops numbered from `first_hl` on, the claims from `claim` on; both that follow."""
    out, hl = [], first_hl
    numbers = {}
    for segment in segments:
        elements = segment.split("*")
        if elements[0] == "HL":
            numbers[elements[1]] = str(hl)
            elements[1:3] = [str(hl), numbers.get(elements[2], "")]
            hl += 1
        elif elements[0] == "CLM":
            elements[1] = f"{elements[1]}-{claim}"
            claim += 1
        out.append("*".join(elements) + "~\n")
    return out, hl, claim


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    size = int(float(sys.argv[1]) * 1e6)
    samples = [loops for path in sys.argv[2:] if (loops := provider_loops(pathlib.Path(path)))]
    if not samples:
        print("large_837.py: expected an 837 with the delimiters * : ~", file=sys.stderr)
        return 1
    head = ["ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240101*1200*^"
            "*00501*000000001*0*T*:~\n",
            "GS*HC*SENDER*RECEIVER*20240101*1200*1*X*005010X222A1~\n",
            "ST*837*0001*005010X222A1~\n",
            "BHT*0019*00*1*20240101*1200*CH~\n"]
    sys.stdout.writelines(head)
    written, segments, hl, claim, sample = sum(map(len, head)), 2, 1, 1, 0
    while written < size:
        loops, hl, claim = renumber(samples[sample % len(samples)], hl, claim)
        sys.stdout.writelines(loops)
        written += sum(map(len, loops))
        segments += len(loops)
        sample += 1
    sys.stdout.write(f"SE*{segments + 1}*0001~\nGE*1*1~\nIEA*1*000000001~\n")
    print(f"{claim - 1} claims, {segments + 1} segments", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
