"""The answers in f64, by the formulas of a textbook, and how far others are from them."""

from dataclasses import replace

import numpy as np

from matrix import BACKWARD, FEW_ROWS, MATMUL

BLOCK = 512  # queries whose scores are held at once

# The most that an answer may be off, ‖x − answer‖ / ‖answer‖, for its time to count: rounding of
# f32 and of bf16 (2⁻⁹ for each number), with room for long sums. Gradients are differences, which
# lose more.
TOLERANCE = {"f32": 1e-5, "high": 1e-4, "bf16": 2e-2}
BACKWARD_FACTOR = 5


def inputs_of(cell, round_number):
    """Standard normal numbers in f32, other ones in each round."""
    rng = np.random.default_rng([cell.B, cell.H, cell.T, cell.S, cell.D, round_number])

    def normal(*shape):
        return rng.standard_normal(shape, dtype=np.float32)

    if cell.kind == MATMUL:
        return {"a": normal(cell.T, cell.T), "b": normal(cell.T, cell.T)}
    if cell.kind == FEW_ROWS:
        return {"x": normal(cell.T, cell.D), "w": normal(cell.S, cell.D)}
    inputs = {
        "q": normal(cell.B, cell.H, cell.T, cell.D),
        "k": normal(cell.B, cell.G, cell.S, cell.D),
        "v": normal(cell.B, cell.G, cell.S, cell.D),
    }
    if cell.kind == BACKWARD:
        inputs["dy"] = normal(cell.B, cell.H, cell.T, cell.D)
    return inputs


def answer_of(cell, inputs):
    """All results in f64, by name."""
    x = {name: array.astype(np.float64) for name, array in inputs.items()}
    if cell.kind == MATMUL:
        return {"y": x["a"] @ x["b"]}
    if cell.kind == FEW_ROWS:
        return {"y": x["x"] @ x["w"].T}
    names = ("dq", "dk", "dv") if cell.kind == BACKWARD else ("y",)
    like = {"y": "q", "dq": "q", "dk": "k", "dv": "v"}
    answer = {name: np.zeros_like(x[like[name]]) for name in names}
    for b in range(cell.B):
        for h in range(cell.H):
            for begin in range(0, cell.T, BLOCK):
                rows = slice(begin, min(begin + BLOCK, cell.T))
                _add_rows(cell, x, b, h, np.arange(cell.T)[rows], answer)
    return answer


def _add_rows(cell, x, b, h, rows, answer):
    """What the queries `rows` of one head contribute to each result that `answer` has."""
    g = h // (cell.H // cell.G)
    keys = rows.max() + 1 if cell.is_causal else cell.S  # later ones are seen by none of the rows
    q, k, v = x["q"][b, h, rows], x["k"][b, g, :keys], x["v"][b, g, :keys]
    scale = 1 / np.sqrt(cell.D)
    scores = scale * (q @ k.T)
    if cell.is_causal:
        scores[np.arange(keys)[None, :] > rows[:, None]] = -np.inf
    pattern = np.exp(scores - scores.max(axis=1, keepdims=True))
    pattern /= pattern.sum(axis=1, keepdims=True)
    y = pattern @ v
    if "y" in answer:
        answer["y"][b, h, rows] = y
    if "dq" not in answer:
        return
    dy = x["dy"][b, h, rows]
    d_pattern = dy @ v.T
    d_scores = pattern * (d_pattern - (dy * y).sum(axis=1, keepdims=True))
    answer["dq"][b, h, rows] = scale * (d_scores @ k)
    if "dk" in answer:
        answer["dk"][b, g, :keys] += scale * (d_scores.T @ q)
        answer["dv"][b, g, :keys] += pattern.T @ dy


def error_of(result, answer):
    """The largest of ‖result − answer‖ / ‖answer‖ over the results that `answer` names."""
    errors = []
    for name, right in answer.items():
        difference = result[name].astype(np.float64) - right
        errors.append(float(np.linalg.norm(difference) / max(np.linalg.norm(right), 1e-300)))
    return max(errors)


def error_of_some_rows(cell, inputs, result, round_number):
    """The same for a few rows at random: cheap enough for the answers of each round."""
    rng = np.random.default_rng(round_number)
    rows = np.unique(rng.integers(0, cell.T, 4))
    if cell.kind == MATMUL:
        right = inputs["a"][rows].astype(np.float64) @ inputs["b"].astype(np.float64)
        return error_of({"y": result["y"][rows]}, {"y": right})
    if cell.kind == FEW_ROWS:
        right = inputs["x"][rows].astype(np.float64) @ inputs["w"].T.astype(np.float64)
        return error_of({"y": result["y"][rows]}, {"y": right})
    b, h = int(rng.integers(cell.B)), int(rng.integers(cell.H))
    g = h // (cell.H // cell.G)
    head = {
        name: array[b, g if name in ("k", "v") else h][None, None].astype(np.float64)
        for name, array in inputs.items()
    }
    name = "dq" if cell.kind == BACKWARD else "y"
    answer = {name: np.zeros_like(head["q"])}
    _add_rows(replace(cell, B=1, H=1, G=1), head, 0, 0, rows, answer)
    return error_of({name: result[name][b, h, rows]}, {name: answer[name][0, 0, rows]})


def tolerance(cell, numbers):
    return TOLERANCE[numbers] * (BACKWARD_FACTOR if cell.kind == BACKWARD else 1)
