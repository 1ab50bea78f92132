"""The reference of the library: a page for each public header, made of what Doxygen read in it."""

import html
import posixpath
import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
XML = ROOT / "build/reference/xml"
TITLE = "Reference"
FOLDER = "reference"
INDEX = f"{FOLDER}/README.md"

# In the order of the floors, lowest last: who looks something up begins at the top.
FOLDERS = {
    "ops": "one differentiable operation a header",
    "tape": "the record of a calculation",
    "tensor": "arrays of numbers, and files of them",
    "nn": "layers",
    "models": "networks",
    "train": "recipes, data, the loop, scores",
    "lens": "looking into networks",
    "claims": "health-insurance claims: readers, rules, network, scores, evidence, clauses",
    "distributed": "several processes",
    "plot": "figures",
    "text": "text to tokens and back",
    "compute": "whole calculations over all threads",
    "base": "errors, threads, random numbers, files",
}


class Entry:
    """A class, function, type, constant or enumeration, or a member of one."""

    def __init__(self, element, header):
        self.element, self.header = element, header
        self.id = element.get("id")
        self.kind = element.get("kind")
        name = element.findtext("qualifiedname") or element.findtext("compoundname")
        self.scope, _, self.name = name.rpartition("::")
        self.line = int(element.find("location").get("line"))

    @property
    def anchor(self):
        return re.sub(r"\W+", "-", self.name).strip("-").lower() or "operator"


# ---- What Doxygen wrote ----


@cache
def entries():
    """{header: its entries outside classes, in their order}, and all entries by id."""
    by_header, by_id = {}, {}
    for path in sorted(XML.glob("*.xml")):
        compound = ElementTree.parse(path).getroot().find("compounddef")
        if compound is None or compound.get("kind") not in (
            "namespace",
            "class",
            "struct",
            "union",
        ):
            continue
        is_class = compound.get("kind") != "namespace"
        found = [compound] if is_class else []
        found += compound.iter("memberdef")
        for element in found:
            if element.find("location") is None or element.get("prot") == "private":
                continue
            entry = Entry(element, header_of(element))
            by_id[entry.id] = entry
            is_nested = is_class and (element is not compound or is_in_class(compound))
            if not is_nested and is_described(element):
                by_header.setdefault(entry.header, []).append(entry)
    for found in by_header.values():
        found.sort(key=lambda entry: entry.line)
    return by_header, by_id


def header_of(element):
    return element.find("location").get("file")


@cache
def classes():
    """The full names of all classes."""
    names = set()
    for path in XML.glob("*.xml"):
        compound = ElementTree.parse(path).getroot().find("compounddef")
        if compound is not None and compound.get("kind") in ("class", "struct", "union"):
            names.add(compound.findtext("compoundname"))
    return names


def is_in_class(compound):
    return compound.findtext("compoundname").rpartition("::")[0] in classes()


def is_described(element):
    return any("".join(part.itertext()).strip() for part in descriptions(element))


def descriptions(element):
    return [
        part
        for part in (element.find("briefdescription"), element.find("detaileddescription"))
        if part is not None
    ]


@cache
def heads():
    """{header: the comment that opens it}"""
    found = {}
    for path in XML.glob("*.xml"):
        compound = ElementTree.parse(path).getroot().find("compounddef")
        if (
            compound is not None
            and compound.get("kind") == "file"
            and compound.findtext("compoundname").endswith(".h")
        ):
            found[header_of(compound)] = compound
    return found


@cache
def anchors_by_name():
    """{name: (page, anchor)} of what a piece of code in the text may mean."""
    found = {}
    for header, all_entries in entries()[0].items():
        for entry in all_entries:
            name = f"{entry.scope}::{entry.name}".removeprefix("clearhead::")
            found.setdefault(name, (uri_of(header), entry.anchor))
    for header in heads():
        found[header.removeprefix("clearhead/")] = (uri_of(header), "")
    return found


# ---- Text ----


def href(uri, anchor, page):
    path = posixpath.relpath(uri.removesuffix(".md") + ".html", posixpath.dirname(page))
    return path + (f"#{anchor}" if anchor else "")


def link_of_id(refid, page):
    entry = entries()[1].get(refid)
    if entry is None or entry.header not in entries()[0]:
        return None
    if entry in entries()[0][entry.header]:
        return href(uri_of(entry.header), entry.anchor, page)
    return None


def linked_code(text, page):
    escaped = html.escape(text, quote=False)
    name, folder = text.removesuffix("()").removeprefix("clearhead::"), page.split("/")[1]
    known = anchors_by_name().get(f"{folder}::{name}") or anchors_by_name().get(name)
    return (
        f'<a href="{href(*known, page)}"><code>{escaped}</code></a>'
        if known
        else f"<code>{escaped}</code>"
    )


TAGS = {
    "para": "p",
    "itemizedlist": "ul",
    "orderedlist": "ol",
    "listitem": "li",
    "emphasis": "em",
    "bold": "strong",
    "table": "table",
    "row": "tr",
    "entry": "td",
    "superscript": "sup",
    "subscript": "sub",
}


def plain_html(text, page):
    """With links to the pages that it names."""
    above = "../" * page.count("/")
    return re.sub(
        r"\bdocs/([\w-]+)\.md\b",
        rf'<a href="{above}docs/\1.html">docs/\1.md</a>',
        html.escape(text or "", quote=False),
    )


def to_html(element, page):
    """What Doxygen made of a comment, as HTML."""
    inside = plain_html(element.text, page)
    for child in element:
        inside += to_html(child, page) + plain_html(child.tail, page)
    if element.tag == "computeroutput":
        return linked_code("".join(element.itertext()), page)
    if element.tag in ("verbatim", "programlisting"):
        return f"<pre><code>{code_of(element)}</code></pre>"
    if element.tag == "ref":
        link = link_of_id(element.get("refid"), page)
        return f'<a href="{link}">{inside}</a>' if link else inside
    if element.tag == "ulink":
        return f'<a href="{html.escape(element.get("url"))}">{inside}</a>'
    if element.tag in ("ndash", "mdash"):
        return {"ndash": "–", "mdash": "—"}[element.tag]
    tag = TAGS.get(element.tag)
    return f"<{tag}>{inside}</{tag}>" if tag else inside


def code_of(listing):
    if listing.tag == "verbatim":
        return html.escape(listing.text, quote=False)
    lines = []
    for line in listing.iter("codeline"):
        text = "".join(
            (
                (" " if part.tag == "sp" else part.text or "") + (part.tail or "")
                if part is not line
                else ""
            )
            for part in line.iter()
        )
        lines.append(html.escape(text, quote=False))
    return "\n".join(lines)


def text_of(element, page):
    return "".join(to_html(part, page) for part in descriptions(element)).replace("<p></p>", "")


def first_sentence(element, page):
    text = re.sub(r"<(/?p|pre|ul|table)>", "\n", text_of(element, page)).strip().split("\n")[0]
    return re.match(r".*?[.:](?= |$)|.*", text)[0].rstrip(":")


# ---- Declarations ----


def tidy(code):
    code = re.sub(r" ([&*]+) ?(?=\w|\.\.\.|\)|,|$)", r"\1 ", code)
    code = re.sub(r"(?<=[\w>])< (?=\w)", "<", code)
    code = re.sub(r"(?<=[\w>*]) >", ">", code)
    return (
        re.sub(r"(?<=\w|\])=(?=[\w{\[\"-])", " = ", code)
        .replace(" )", ")")
        .replace(" ,", ",")
        .strip()
    )


def flat(element):
    return "" if element is None else "".join(element.itertext())


def template_of(element):
    parameters = element.find("templateparamlist")
    if parameters is None:
        return ""
    names = []
    for parameter in parameters:
        name = parameter.findtext("declname")
        names.append(flat(parameter.find("type")) + (f" {name}" if name else ""))
    return f"template <{', '.join(names)}>\n"


def declaration(entry):
    element = entry.element
    if entry.kind == "function":
        arguments = element.findtext("argsstring")
        words = "static " if element.get("static") == "yes" else ""
        words += "virtual " if element.get("virt") != "non-virtual" else ""
        words += "explicit " if element.get("explicit") == "yes" else ""
        result = flat(element.find("type"))
        return template_of(element) + words + tidy(f"{result} {entry.name}{arguments}")
    if entry.kind == "enum":
        values = [
            value.findtext("name")
            for value in element.findall("enumvalue")
            if not is_described(value)
        ]
        return f"enum class {entry.name}" + (f" {{ {', '.join(values)} }}" if values else "")
    if entry.kind in ("class", "struct", "union"):
        return template_of(element) + f"{entry.kind} {entry.name}"
    if entry.kind == "typedef":
        return tidy(
            element.findtext("definition").replace("clearhead::", "").replace("typedef ", "")
        )
    initial = flat(element.find("initializer"))
    return tidy(
        f"{flat(element.find('type'))} {entry.name}{element.findtext('argsstring') or ''} {initial}"
    )


def members(entry):
    """Those of a class or an enumeration, in their order: (code, description element)."""
    if entry.kind == "enum":
        for value in filter(is_described, entry.element.findall("enumvalue")):
            yield value.findtext("name") + " " + flat(value.find("initializer")), value
    if entry.kind not in ("class", "struct", "union"):
        return
    by_id = entries()[1]
    found = [
        by_id[child.get("id")]
        for child in entry.element.iter("memberdef")
        if child.get("id") in by_id
    ]
    nested = [
        by_id[inner.get("refid")]
        for inner in entry.element.findall("innerclass")
        if inner.get("refid") in by_id
    ]
    for member in sorted(found + nested, key=lambda member: member.line):
        if is_described(member.element):
            yield declaration(member), member.element
            if member.kind in ("class", "struct", "enum"):
                yield from members(member)


def definition_list(entry, page):
    rows = []
    for code, element in members(entry):
        rows.append(
            f"<dt><code>{html.escape(code.strip(), quote=False)}</code></dt>"
            f"<dd>{text_of(element, page)}</dd>"
        )
    return f'<dl class="members">{"".join(rows)}</dl>' if rows else ""


# ---- Pages ----


def uri_of(header):
    return f"{FOLDER}/{header.removeprefix('clearhead/')}.md"


def page_of(header):
    page = uri_of(header)
    name = header.removeprefix("clearhead/")
    text = f"# {name}\n\n<div>{text_of(heads()[header], page)}</div>\n\n"
    text += f'```cpp\n#include "{header}"\n```\n\n'
    before = None
    for entry in entries()[0].get(header, []):
        if entry.name != before:
            text += f"## {entry.name}\n\n"
        before = entry.name
        text += f"```cpp\n{declaration(entry)}\n```\n\n"
        text += f"<div>{text_of(entry.element, page)}{definition_list(entry, page)}</div>\n\n"
    return text


def headers_of(folder):
    return sorted(header for header in heads() if header.split("/")[1] == folder)


def index_page():
    text = (
        f"# {TITLE}\n\nThe public headers of the library, by folder. The namespace is `clearhead`, "
        "of figures `clearhead::plot`, of calculations `clearhead::compute`. Letters of shapes: "
        "[glossary](../docs/glossary.md).\n\n"
    )
    for folder, what in FOLDERS.items():
        text += f"## {folder}\n\n{what[0].upper()}{what[1:]}.\n\n| header | |\n|---|---|\n"
        for header in headers_of(folder):
            summary = first_sentence(heads()[header], INDEX).replace("|", "\\|")
            text += (
                f"| [{header.split('/')[2]}]({folder}/{header.split('/')[2]}.md) | {summary} |\n"
            )
        text += "\n"
    return text


def pages():
    unknown = {header.split("/")[1] for header in heads()} - set(FOLDERS)
    if unknown:
        raise ValueError(f"site/reference.py does not know the folders {unknown}")
    return {INDEX: index_page()} | {uri_of(header): page_of(header) for header in heads()}


def navigation():
    sections = [
        {folder: [{header.split("/")[2]: uri_of(header)} for header in headers_of(folder)]}
        for folder in FOLDERS
    ]
    return [INDEX, *sections]


def link_from(source):
    """For the page of a header's source: where its reference is."""
    if source not in heads():
        return ""
    return f"[Reference]({posixpath.relpath(uri_of(source), posixpath.dirname(source))})\n\n"
