"""The rows of docs/contract.md that tests and documents cite exist."""

import ast
import re

from harness import ROOT

ROWS = re.findall(r"^\| ((?:[A-Z]|0\.)\d+|bug \d+) \|", (ROOT / "docs/contract.md").read_text(), re.M)
LETTERS = "".join(sorted({row[0] for row in ROWS if row[0].isupper()}))
CITED = re.compile(rf"\b(?:[{LETTERS}]\d{{1,2}}|0\.\d{{1,2}}(?![\d.])|bug \d{{1,2}})\b")


def docstrings(source):
    """The docstrings of the tests of a file, and of the file: other numbers do not stand there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
            yield ast.get_docstring(node) or ""


def cited_by_tests():
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for text in docstrings(path.read_text()):
            if "contract" in text or re.match(CITED, text):
                for row in CITED.findall(text):
                    found.setdefault(row, set()).add(path.name)
    return found


def cited_by_documents():
    """Documents cite as "row R42"; the contract itself also as "(R42)"."""
    found = {}
    for path in [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        text = path.read_text()
        for row in re.findall(rf"\brow ({CITED.pattern})", text):
            found.setdefault(row, set()).add(path.name)
        if path.name == "contract.md":
            for inside in re.findall(r"\(([^()]*)\)", text):
                for row in CITED.findall(inside) if re.fullmatch(rf"(?:{CITED.pattern}|, |row )+", inside) else []:
                    found.setdefault(row, set()).add(path.name)
    return found


def test_no_row_has_the_number_of_another():
    assert len(ROWS) == len(set(ROWS)) > 200


def test_every_row_that_a_test_cites_exists():
    cited = cited_by_tests()
    assert len(cited) > 80, "the tests cite rows"
    assert {row: files for row, files in cited.items() if row not in ROWS} == {}


def test_every_row_that_a_document_cites_exists():
    cited = cited_by_documents()
    assert len(cited) > 10, "the documents cite rows"
    assert {row: files for row, files in cited.items() if row not in ROWS} == {}


def test_every_row_of_runsv_and_sv_is_cited():
    """They are tested row by row. R48 has a file to itself: test_succession.py."""
    cited = cited_by_tests()
    assert [row for row in ROWS if row[0] in "RV" and row not in cited and row != "R48"] == []
