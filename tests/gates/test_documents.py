"""The documents lead where they say, and leave no decision out."""

import re

import pytest
from harness import ROOT

DOCUMENTS = sorted(p for p in ROOT.rglob("*.md") if "build" not in p.relative_to(ROOT).parts)
DECISIONS = ROOT / "docs/decisions"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        assert "://" in target or (document.parent / target).exists(), target


def test_the_index_of_decisions_is_complete_and_says_their_titles():
    rows = dict(re.findall(r"^\| \[\d+\]\(([^)]+)\) \| (.*) \|$", (DECISIONS / "README.md").read_text(), re.M))
    titles = {}
    for decision in DECISIONS.glob("[0-9]*.md"):
        number, titles[decision.name] = re.match(r"# (\d+)\. (.*)", decision.read_text()).groups()
        assert decision.name.startswith(f"{int(number):04}-")
    assert rows == titles
