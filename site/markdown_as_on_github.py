"""What GitHub understands in a page and Python-Markdown does not: formulas, which become MathML, so
that a browser shows them without scripts or fonts; folded parts; lists without a blank line before
them; anchors."""

import re

from latex2mathml.converter import convert
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from mkdocs.exceptions import PluginError

FENCE = re.compile(r" *(`{3,}|~{3,})")
INLINE_FORMULA = r"(?<![\w\\$])(\${1,2})(?=[^\s$])((?:\\.|[^$\\])+?)(?<=\S)\1(?![\w$])"
BULLET = re.compile(r"( *)([-*]|1\.) ")


ROOT = re.compile(r"<msqrt><mrow>((?:(?!<msqrt>).)*?)</mrow></msqrt>")


def root(match):
    """A root as a sign: a browser without a font for mathematics draws an msqrt without one."""
    inner = match[1]
    if inner.count("</") > 1:
        inner = f"<mo>(</mo>{inner}<mo>)</mo>"
    return f"<mrow><mo>√</mo>{inner}</mrow>"


def mathml(latex, display):
    try:
        result = convert(latex, display=display)
    except Exception as error:
        raise PluginError(f"the formula {latex!r} is not understood: {error!r}") from error
    if "\\" in result:
        raise PluginError(
            f"the formula {latex!r} has a command that latex2mathml does not know: {result}"
        )
    return ROOT.sub(root, result)


class Formula(InlineProcessor):
    def handleMatch(self, match, data):
        display = "block" if match[1] == "$$" else "inline"
        return (
            self.md.htmlStash.store(mathml(match[2].strip(), display)),
            match.start(0),
            match.end(0),
        )


class Formulas(Extension):
    def extendMarkdown(self, md):
        md.inlinePatterns.register(
            Formula(INLINE_FORMULA, md), "formula", 185
        )  # after code, before escapes


def fenced_formula(source, language, css_class, options, md, **_):
    return f'<div class="formula">{mathml(source, "block")}</div>'


def slug(heading, separator):
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", separator)


def set_up(config):
    config.markdown_extensions.append(Formulas())
    config.mdx_configs.setdefault("toc", {})["slugify"] = slug
    fence = {"name": "math", "class": "formula", "format": fenced_formula}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]


def prepared(text, rewrite):
    """`text` as Python-Markdown wants it; what is no code goes through `rewrite`."""
    lines, fence, before = [], None, ""
    for line in re.sub(r"^<!--(?! markdownlint).*?-->\n", "", text, flags=re.M | re.S).splitlines():
        start = FENCE.match(line)
        if fence is None and start:
            fence = start[1]
        elif fence is not None:
            if start and start[1].startswith(fence) and line.strip() == start[1]:
                fence = None
        else:
            line = rewrite(line).replace("<details>", '<details markdown="1">')
            line = line.replace("<summary>", '<summary markdown="span">')
            bullet = BULLET.match(line)
            if (
                bullet
                and before.strip()
                and not BULLET.match(before)
                and not before.startswith(" ")
            ):
                lines.append("")
        lines.append(line)
        before = line
    return "\n".join(lines) + "\n"
