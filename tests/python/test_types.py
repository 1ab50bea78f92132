"""What type checkers know of the package."""

import subprocess
import sys

import pytest

SCRIPT = """
import numpy as np
from numpy.typing import NDArray
import clearhead
from clearhead import lens

a = np.ones((3, 4))
shape: tuple[int, ...] = clearhead.scaled_dot_product_attention(a, a, a).shape
gradients: tuple[NDArray[np.float64], ...] = clearhead.attention_backward(a, a, a, a)
formulas: list[str] = [step.formula for step in clearhead.steps(a, a, a).values()]
model: clearhead.Model = clearhead.load("shakespeare")
logits, cache = model.run_with_cache("To be", hooks=[("hook", lambda z, hook: None)])
value: clearhead.Value = cache["blocks.0.attn.hook_pattern"]
rows = (1 - value[0, 3]).mean(axis=-1)
best = logits.argmax(-1)[0]
likely: list[list[tuple[str, float]]] = cache.predictions()
name, head, number = lens.decompose(cache)[0]
text: str = name.upper() + value.explain((0, 0, 0, 0)).calculation
"""
WRONG = ["clearhead.load(5)", "logits.explain(0).formulas", "lens.rollout(a)", "cache[0]"]


def test_of_calls_as_people_write_them(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "right.py").write_text(SCRIPT)
    (tmp_path / "wrong.py").write_text(SCRIPT + "\n".join(WRONG))
    command = [sys.executable, "-m", "mypy", "--strict", "right.py", "wrong.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [line.split(":")[0] for line in errors] == ["wrong.py"] * len(WRONG), done.stdout
