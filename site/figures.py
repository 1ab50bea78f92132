"""Figures for a dark page: what is paper and ink in an SVG that clearhead drew changes with the
reader's system; the colours of cells and curves, which mean values, stay."""

import re

INK = ("10.196078", "14.901961", "20", "25.098039", "30.196078", "34.901961")
GRID = "89.411765"
MASKED = {"95.686275": "#22252a", "78.431373": "#4a4f57"}  # cells and their hatching
DARK = {  # of what is grey, in percent: filled and drawn as
    **{ink: "#d8d8dc" for ink in INK},
    GRID: "#363a44",
    **MASKED,
}
PAPER = "#1e2129"  # the theme's


def grey(percent):
    return f"rgb({percent}%,{percent}%,{percent}%)"


def style_of(svg):
    rules = [f'g[id^="surface"] > rect:first-child {{ fill: {PAPER} !important }}']
    for percent, color in DARK.items():
        if percent in MASKED and "<image" in svg:  # which holds masked cells too, as pixels
            continue
        for kind in ("fill", "stroke"):
            if f"{kind}:{grey(percent)}" in svg:
                rules.append(
                    f'[style*="{kind}:{grey(percent)}"] {{ {kind}: {color} !important }}'
                )
    if f"stroke:{grey(GRID)}" in svg:  # curves, whose markers have a rim of paper
        rules.append(f'[style*="stroke:{grey(100)}"] {{ stroke: {PAPER} !important }}')
    return "<style>@media (prefers-color-scheme: dark) { " + " ".join(rules) + " }</style>"


def in_both_schemes(svg):
    """An SVG that Cairo drew, with the rules of a dark page."""
    if not re.search(r'<g id="surface\d*">\s*<rect', svg):
        return svg
    return re.sub(r"(<svg [^>]*>)", lambda tag: tag[1] + style_of(svg), svg, count=1)
