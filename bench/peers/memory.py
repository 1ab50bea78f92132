"""Memory that attention of a long sequence takes beyond its inputs, outputs and gradients.

Measured in a process of its own, since the system only reports the peak of a whole process:

    python memory.py TOKENS PRECISION
"""

import json
import subprocess
import sys

import numpy as np

import engine
from matrix import BACKWARD, Cell

TOKENS = 131_072
QUICK_TOKENS = 1000
D = 64


class MemoryJob:
    def __init__(self, tokens, precision):
        self.tokens = tokens
        self.precision = precision
        self.key = f"memory; {tokens} tokens; {engine.PRECISIONS[precision]}"

    def measure(self, contenders, seconds):
        command = [sys.executable, __file__, str(self.tokens), str(self.precision)]
        done = subprocess.run(command, capture_output=True, text=True)
        facts = {"kind": "memory", "T": self.tokens, "precision": engine.PRECISIONS[self.precision]}
        if done.returncode:
            return facts | {"problem": done.stderr.strip()[-500:]}
        return facts | json.loads(done.stdout)


def jobs(quick):
    tokens = QUICK_TOKENS if quick else TOKENS
    return [MemoryJob(tokens, precision) for precision in range(len(engine.PRECISIONS))]


def status_bytes(field):
    """A field of /proc/self/status."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"the system does not say {field}")


def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def measure(tokens, precision):
    cell = Cell(BACKWARD, 1, 1, 1, tokens, tokens, D, True, 2)
    engine.set_threads(cell.threads)
    rng = np.random.default_rng(1)
    q, k, v, dy = (rng.standard_normal((1, 1, tokens, D), dtype=np.float32) for _ in range(4))
    # Once on the first few tokens: threads, code and tables are there before anything is measured.
    few = Cell(BACKWARD, 1, 1, 1, 64, 64, D, True, 2)
    small = [np.ascontiguousarray(x[:, :, :64]) for x in (q, k, v, dy)]
    on_few = engine.Attention(few, *small[:3], precision, keep=True)
    on_few.forward()
    on_few.backward(small[3])

    array = tokens * D * 4
    attention = engine.Attention(cell, q, k, v, precision, keep=True)
    forget_peak()
    before = status_bytes("VmRSS")
    attention.forward()
    forward = status_bytes("VmHWM") - before - array  # beyond the output
    attention.backward(dy)
    backward = status_bytes("VmHWM") - before - 4 * array  # beyond the output and three gradients
    return {"forward_bytes": forward, "backward_bytes": backward}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
