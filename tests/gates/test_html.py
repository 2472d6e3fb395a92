"""`./dev docs`: every link of the web pages leads somewhere, and every page is reached."""

import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag

import pytest
from harness import ROOT

pytest.importorskip("markdown", reason="NOTE: python3-markdown is not installed")


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.names = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("href", "src"):
                self.links.append(value)
            elif key == "id":
                self.names.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("docs")
    subprocess.run(["/usr/bin/python3", ROOT / "docs/html/render.py", out], check=True)
    return out, {path: Page(path) for path in out.rglob("*.html")}


def targets(out, pages, path):
    """The files that a page links to, with the place in each."""
    for link in pages[path].links:
        if "://" not in link:
            file, place = urldefrag(unquote(link))
            yield (path.parent / file).resolve() if file else path, place


def test_every_link_of_the_web_pages_leads_somewhere(site):
    out, pages = site
    broken = []
    for path in pages:
        for file, place in targets(out, pages, path):
            if not file.is_file() or (place and file in pages and place not in pages[file].names):
                broken.append((str(path.relative_to(out)), str(file), place))
    assert broken == []


def test_every_document_and_every_manual_page_is_reached_from_the_first(site):
    out, pages = site
    seen, queue = set(), [out / "index.html"]
    while queue:
        path = queue.pop()
        if path in pages and path not in seen:
            seen.add(path)
            queue += [file for file, _ in targets(out, pages, path)]
    assert set(pages) == seen
    for source in [*(ROOT / "docs").rglob("*.md"), *(ROOT / "man").glob("*.[1-9]")]:
        page = source.relative_to(ROOT)
        page = page.with_name("index.html") if page.name == "README.md" else page
        assert (out / page).with_name(page.name.replace(".md", "") + ("" if page.suffix == ".html" else ".html")) in seen, source


def test_the_pages_have_no_mark_left(site):
    for path in site[1]:
        assert "block-" not in path.read_text() or "-here" not in path.read_text(), path
