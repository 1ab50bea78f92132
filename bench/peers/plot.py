"""The plot of the report: GFLOP/s on two threads, forward and backward, full and causal."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

import bars
from matrix import BACKWARD, FORWARD

# Blue for clearhead, other colours for peers; dark for f32, light for bf16. They can be told apart
# in grey too, and by the colour-blind.
COLORS = {
    bars.HIGHEST: "#0b4f8a",
    bars.HIGH: "#3d8fd1",
    bars.MEDIUM: "#8cc5f2",
    "PyTorch f32": "#a8480b",
    "PyTorch bf16": "#f0a45d",
    "ONNX Runtime MultiHeadAttention": "#4d4d4d",
    "ONNX Runtime Attention": "#a6a6a6",
    "OpenVINO f32": "#4f2a7f",
    "OpenVINO bf16": "#b39ad6",
}
LIMITS = {
    "limit multiply_add": "f32 multiply-add peak",
    "limit tile_product": "bf16 peak of AMX",
    "limit pair_product": "bf16 peak of AVX-512",
}


def write(cells, path):
    # No date and no random names, so that the same numbers give the same file.
    plt.rcParams.update({"svg.hashsalt": "clearhead", "svg.fonttype": "path", "font.size": 9})
    figure, axes = plt.subplots(2, 2, figsize=(13, 8), sharey=True, layout="constrained")
    for row, kind in enumerate((FORWARD, BACKWARD)):
        for column, mask in enumerate(("full", "causal")):
            chosen = [
                cell
                for cell in cells.values()
                if cell["kind"] == kind and cell["mask"] == mask and cell["threads"] == 2
            ]
            draw(axes[row][column], chosen)
            axes[row][column].set_title(f"{kind}, {mask}", loc="left")
    axes[0][0].set_ylabel("GFLOP/s")
    axes[1][0].set_ylabel("GFLOP/s")
    handles = {}
    for axis in axes.flat:
        handles |= dict(zip(*reversed(axis.get_legend_handles_labels())))
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=5, frameon=False
    )
    figure.suptitle(
        "Attention on two threads, median; shapes are batch, heads, tokens, head size",
        x=0.01,
        ha="left",
    )
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw(axis, cells):
    names = [name for name in COLORS if any(bars.ok(cell, name) for cell in cells)]
    width = 0.84 / max(len(names), 1)
    for i, name in enumerate(names):
        places = [(x, bars.rate(cell, name)) for x, cell in enumerate(cells) if bars.ok(cell, name)]
        at = [x + (i - (len(names) - 1) / 2) * width for x, _ in places]
        axis.bar(at, [rate / 1e9 for _, rate in places], width, color=COLORS[name], label=name)
    for limit, label in LIMITS.items():
        rates = sorted(
            r["work"] / r["median"] / 1e9 for cell in cells if (r := bars.ok(cell, limit))
        )
        if rates:
            style = "--" if "add" in limit else ":"
            axis.axhline(
                rates[len(rates) // 2], color="black", linewidth=0.8, linestyle=style, label=label
            )
    axis.set_yscale("log")
    axis.set_xticks(range(len(cells)), [cell["size"] for cell in cells], rotation=20, ha="right")
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", linewidth=0.3)
    axis.set_axisbelow(True)
