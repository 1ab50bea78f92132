"""Checks the built site: every link leads to a page and an anchor that are there, and no page asks
for anything that does not lie beside it.

usage: check.py FOLDER
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser loads without being asked; a link is followed only by a reader.
LOADED = {
    ("img", "src"),
    ("script", "src"),
    ("link", "href"),
    ("source", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("object", "data"),
    ("embed", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("image", "href"),
    ("use", "href"),
    ("form", "action"),
}
ANYWHERE = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])\s*((?:https?:)?//[^'")\s]+)""")
POLICY = "Content-Security-Policy"


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors, self.has_policy, self.styles = (
            [],
            [],
            set(),
            False,
            "",
        )
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            value = value or ""
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            elif name in ("href", "src", "srcset", "data", "action") and value:
                (self.loaded if (tag, name) in LOADED else self.links).append(value)
            elif name == "style":
                self.styles += value
            elif name == "http-equiv" and value == POLICY:
                self.has_policy = True


def faults_of(root):
    pages = {path.resolve(): Page(path) for path in sorted(root.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(root)
        if not page.has_policy:
            yield f"{name}: has no {POLICY}"
        for link in page.loaded:
            if urlsplit(link).scheme not in ("", "data") or link.startswith("//"):
                yield f"{name}: loads {link} from elsewhere"
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{name}: {link} leads nowhere"
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].anchors
            ):
                if not parts.fragment.startswith("__"):  # of the theme's own script
                    yield f"{name}: {link}: there is no such anchor"
        for link in ANYWHERE.findall(page.styles):
            yield f"{name}: a style loads {link}"
    for path in sorted(root.rglob("*.css")) + sorted(root.rglob("*.svg")):
        for link in ANYWHERE.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(root)}: loads {link}"


def main():
    root = Path(sys.argv[1]).resolve()
    faults = list(faults_of(root))
    print(*faults, sep="\n", end="\n" if faults else "")
    if faults:
        sys.exit(f"{len(faults)} faults of the site")
    print(
        f"{len(list(root.rglob('*.html')))} pages: all links lead somewhere, "
        "and nothing is asked for elsewhere"
    )


main()
