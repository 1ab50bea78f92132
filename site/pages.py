"""Which files of the repository are pages of the site, in which order, and where their links go.

The site mirrors the repository: docs/tour.md becomes docs/tour.html, so that a picture beside a
page is found beside it. docs/README.md is the list of the pages; lessons are found by their
folders. What else of the repository a page links, a source file or a folder, becomes a page too.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, InclusionLevel

import figures
import markdown_as_on_github
import reference

ROOT = Path(__file__).parent.parent
INDEX = "docs/README.md"
LESSONS = "Lessons"
PICTURES = (".svg", ".png")
FOLDERS = ("docs", "lessons", "models", "bench")  # which have pages and pictures

LINK = re.compile(r"(?<=\]\()([^)\s#]+)")
LANGUAGES = {
    ".h": "cpp",
    ".cc": "cpp",
    ".py": "python",
    ".json": "json",
    ".cmake": "cmake",
    ".txt": "cmake",
}


def text_of(uri):
    return (ROOT / uri).read_text(encoding="utf-8")


def lessons():
    folders = sorted(ROOT.glob("lessons/[0-9][0-9]_*/README.md"))
    first = [ROOT / "lessons/README.md"] if (ROOT / "lessons/README.md").exists() else []
    return [path.relative_to(ROOT).as_posix() for path in first + folders]


def target_of(page, link):
    """The path from the root that a link leads to; None if it leads out of the repository."""
    if ":" in link or link.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    return None if path.startswith("..") else path


def sections():
    """The headings of docs/README.md and the pages below each: [(title, [(title, uri)])]."""
    found = []
    for line in text_of(INDEX).splitlines():
        if line.startswith("## "):
            found.append((line[3:], []))
        for title, link in re.findall(r"\[([^]]+)\]\(([^)#]+\.md)\)", line):
            if found:
                found[-1][1].append((title, target_of(INDEX, link)))
    return found


def navigation():
    nav = []
    for title, pages in sections():
        items = [{name: uri} for name, uri in pages if not uri.startswith("lessons/")]
        if not nav:
            items.insert(1, {"All pages": INDEX})
        nav.append({title: items})
        if len(nav) == 1 and lessons():
            nav.append({LESSONS: lessons()})
    nav.append({reference.TITLE: reference.navigation()})
    return nav


def pages():
    listed = [uri for _, pages in sections() for _, uri in pages]
    for path in sorted((ROOT / "docs").rglob("*.md")):
        uri = path.relative_to(ROOT).as_posix()
        if uri not in (INDEX, *listed):
            raise PluginError(f"{uri} is not listed in {INDEX}")
    return list(dict.fromkeys([INDEX, *lessons(), *listed]))


def linked_sources(texts):
    """The files and folders that pages link but that are none, and what those folders hold."""
    known, found = set(texts), set()
    todo = [target_of(page, link) for page, text in texts.items() for link in LINK.findall(text)]
    while todo:
        path = todo.pop()
        if (
            path is None
            or path in known | found
            or path.endswith(PICTURES)
            or f"{path}/README.md" in known
        ):
            continue
        if (ROOT / path).is_dir():
            todo += [f"{path}/{name.name}" for name in (ROOT / path).iterdir() if is_shown(name)]
        if is_shown(ROOT / path):
            found.add(path)
    return found


def linked_data(texts):
    """The files that pages link and that are no text."""
    paths = {target_of(page, link) for page, text in texts.items() for link in LINK.findall(text)}
    found = [path for path in sorted(filter(None, paths)) if (ROOT / path).is_file()]
    return [path for path in found if not is_shown(ROOT / path)]


def is_shown(path):
    """Whether it is a folder or a text."""
    try:
        return path.is_dir() or path.read_text(encoding="utf-8") is not None
    except (OSError, UnicodeDecodeError):
        return False


def page_of_source(path):
    """A file as a page, or the list of what is in a folder."""
    head = f"---\nsearch: {{exclude: true}}\nhide: [toc]\n---\n# {path}\n\n"
    if (ROOT / path).is_dir():
        entries = sorted((ROOT / path).iterdir())
        links = [f"[{e.name}]({e.name})" if is_shown(e) else e.name for e in entries]
        return head + "".join(f"- {link}\n" for link in links)
    text = text_of(path)
    fence = "~" * (3 + max(map(len, re.findall("~{3,}", text)), default=0))
    language = LANGUAGES.get(
        posixpath.splitext(path)[1], "bash" if text.startswith("#!") else "text"
    )
    return head + reference.link_from(path) + f'{fence}{language} linenums="1"\n{text}\n{fence}\n'


def uri_of_source(path):
    return f"{path}/README.md" if (ROOT / path).is_dir() else f"{path}.md"


# ---- What MkDocs calls ----


def on_config(config):
    config.nav = navigation()
    markdown_as_on_github.set_up(config)
    return config


def on_files(files, config):
    texts = {uri: text_of(uri) for uri in pages()}
    texts |= reference.pages()
    for uri, text in texts.items():
        files.append(File.generated(config, uri, content=text))
    for path in linked_sources(texts):
        source = File.generated(config, uri_of_source(path), content=page_of_source(path))
        source.inclusion = InclusionLevel.NOT_IN_NAV
        files.append(source)
    as_they_are = [path for path in linked_data(texts) if not path.endswith(PICTURES)]
    for folder in FOLDERS:
        found = (ROOT / folder).rglob("*")
        as_they_are += [p.relative_to(ROOT).as_posix() for p in found if p.suffix in PICTURES]
    for path in as_they_are:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown, page, config, files):
    def to_page(match):
        path = target_of(page.file.src_uri, match[0])
        if path is None or files.get_file_from_path(path) is not None:
            return match[0]
        uri = uri_of_source(path)
        if files.get_file_from_path(uri) is None:
            return match[0]  # a broken link, about which MkDocs warns
        return posixpath.relpath(uri, posixpath.dirname(page.file.src_uri) or ".")

    return markdown_as_on_github.prepared(markdown, lambda text: LINK.sub(to_page, text))


def on_post_build(config):
    site = Path(config.site_dir)
    (site / "404.html").unlink()  # of a server, whose root it would have to know
    for path in site.rglob("*.svg"):
        svg = path.read_text(encoding="utf-8")
        path.write_text(figures.in_both_schemes(svg), encoding="utf-8")
