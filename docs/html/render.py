"""Web pages of the documents and the manual: render.py DIRECTORY

    README.md        ──▶ index.html             what a document links to comes along: files as they are,
    docs/README.md   ──▶ docs/index.html        directories as a list of their files
    docs/boot.md     ──▶ docs/boot.html
    man/sv.8         ──▶ man/sv.8.html          and man/index.html, by section
"""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import markdown

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_RUN = {  # the marks of tests/pages.py
    "build": "",
    "registry": "not run by the tests: needs a public registry",
    "spark": "not run by the tests: needs Apache Spark",
}
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{up}style.css">
<nav><a href="{up}index.html">runwell</a> <a href="{up}docs/index.html">First hour</a>
<a href="{up}man/index.html">Manual</a> <a href="{up}docs/decisions/index.html">Decisions</a></nav>
<main class="{kind}">
{body}
</main>
</html>
"""


def page_of(document):
    """Where the page of a document lies, relative to the root."""
    return document.with_name("index.html" if document.name == "README.md" else f"{document.stem}.html")


class Site:
    def __init__(self, out):
        self.out = Path(out)
        self.manual = sorted(p.relative_to(ROOT) for p in (ROOT / "man").glob("*.[1-9]"))
        self.documents = [Path("README.md")]  # grows as links are found
        self.others = set()

    def write(self, path, title, body, kind="document"):
        path = self.out / path
        path.parent.mkdir(parents=True, exist_ok=True)
        up = os.path.relpath(self.out, path.parent) + "/"
        path.write_text(PAGE.format(title=title, up="" if up == "./" else up, body=body, kind=kind))

    # -- documents ---------------------------------------------------------------------------------------------------

    def document(self, source):
        text, blocks = keep_blocks((ROOT / source).read_text())
        body = markdown.markdown(text, extensions=["tables", "toc", "sane_lists"])
        for number, block in enumerate(blocks):
            body = body.replace(f"<p>block-{number}-here</p>", block)
        body = re.sub(r"<code>[^<]*</code>", lambda m: m[0].replace("\\|", "|"), body)  # as a table has to write it
        body = re.sub(r'(href|src)="([^"#]+)(#[^"]*)?"', lambda m: f'{m[1]}="{self.link(source, m[2])}{m[3] or ""}"', body)
        body = re.sub(r"<strong>([\w-]+)</strong>\((\d)\)", lambda m: self.reference(source, *m.groups()), body)
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", body)
        self.write(page_of(source), re.sub("<.*?>", "", heading[1]), body)

    def link(self, source, target):
        if "://" in target:
            return target
        target = Path(os.path.normpath(source.parent / target))
        if target.suffix == ".md":
            if target not in self.documents:
                self.documents.append(target)
            target = page_of(target)
        elif target == Path("man"):
            target /= "index.html"
        elif (ROOT / target).is_dir():
            self.others.add(target)
            target /= "index.html"
        else:
            self.others.add(target)
        return os.path.relpath(target, source.parent)

    def reference(self, source, name, section):
        page = Path(f"man/{name}.{section}")
        shown = f"<strong>{name}</strong>({section})"
        if page not in self.manual:
            return shown
        return f'<a href="{os.path.relpath(f"{page}.html", source.parent)}">{shown}</a>'

    def other(self, target):
        """A file of the tree, or a directory with all that is below it."""
        if (ROOT / target).is_dir():
            shutil.copytree(ROOT / target, self.out / target, dirs_exist_ok=True)
            files = sorted(p.relative_to(ROOT / target) for p in (ROOT / target).rglob("*") if p.is_file())
            rows = "\n".join(f'<li><a href="{path}">{path}</a>' for path in files)
            self.write(target / "index.html", target, f"<h1>{target}</h1>\n<ul>\n{rows}\n</ul>")
        else:
            (self.out / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / target, self.out / target)

    # -- the manual --------------------------------------------------------------------------------------------------

    def manual_pages(self):
        (self.out / "man").mkdir(parents=True, exist_ok=True)
        for page in self.manual:  # mandoc links to pages that exist here, and to Debian's for all others
            (self.out / f"{page}.html").touch()
        rows = []
        for page in self.manual:
            options = "fragment,man=%N.%S.html;https://manpages.debian.org/bookworm/%N.%S.en.html"
            command = ["mandoc", "-T", "html", "-O", options, ROOT / page]
            body = subprocess.run(command, cwd=self.out / "man", check=True, capture_output=True, text=True).stdout
            name, section = page.stem, page.suffix[1:]
            self.write(f"{page}.html", f"{name}({section})", body, "manual")
            about = re.search(r"^\.Nd (.*)", (ROOT / page).read_text(), re.M)[1]
            rows.append((section not in "7", section, f'<tr><td><a href="{page.name}.html">{name}({section})</a><td>{html.escape(about)}'))
        table = "\n".join(row for *_, row in sorted(rows))
        self.write("man/index.html", "Manual", f"<h1>Manual</h1>\n<table>\n{table}\n</table>")

    def render(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("style.css"), self.out)
        self.manual_pages()
        for document in self.documents:
            self.document(document)
        for other in sorted(self.others):
            self.other(other)


def keep_blocks(text):
    """Takes the fenced blocks out of a document, as they will look, and leaves marks."""
    blocks = []

    def take(block):
        blocks.append(shown(*block.groups()))
        return f"\nblock-{len(blocks) - 1}-here\n"

    text = re.sub(r"^<!-- [$#] .* -->\n", "", text, flags=re.M)
    return re.sub(r"^```(\S*) ?(.*)\n((?:.*\n)*?)```$", take, text, flags=re.M), blocks


def shown(language, about, text):
    text = html.escape(text, quote=False)
    if language == "console":
        text = re.sub(r"^([$#] |> ?)(.*)", r"<i>\1</i><b>\2</b>", text, flags=re.M)
    if about.startswith("needs="):
        about = NOT_RUN[about.removeprefix("needs=")]
    caption = f"<figcaption>{about}</figcaption>" if about else ""
    return f'<figure class="{language or "text"}">{caption}<pre>{text}</pre></figure>'


if __name__ == "__main__":
    Site(sys.argv[1]).render()
