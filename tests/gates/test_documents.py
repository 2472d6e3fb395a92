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


# -- every error text has its entry ------------------------------------------------------------------------------------

TROUBLE = ROOT / "docs/troubleshooting.md"
SAID = re.compile(
    r'(?:\b(?:error|refusal|complaint)\b(?:\s+\w+)?\{|\b(?:warn|error|fatal|cannot|pause|overcome)\w*\((?:\w+,\s*)?(?:error)?\{?)'
    r'[^";{}]*?"((?:[^"\\]|\\.)+)"'
)
SOUNDS_SO = re.compile(
    r'"((?:unable to|invalid|unknown|warning: |fail: |option |illegal|this kernel|no such|: this kernel|: runsv not'
    r'|- runit: (?:fatal|warning): |[^" ]* exists but|[^" ]*: name too|[^" ]*: bad format)[^"]*)"'
)


def error_texts():
    """What the suite may say when something is wrong, by text: the files that say it."""
    found = {}
    for source in sorted((ROOT / "src").rglob("*.[ch][ch]")):
        if source.relative_to(ROOT / "src").parts[0] not in ("core", "sys", "parts", "prog") or source.stem == "error_words":
            continue
        code = re.sub(r"//.*", "", source.read_text())
        for pattern in (SAID, SOUNDS_SO):
            for text in pattern.findall(code):
                text = re.sub(r"^(- runit: )?((fatal|warning|fail): ?)?|\\.*", "", text).strip(" :")
                if re.search(r"[a-z()] [a-z/]", text) and text != "unable to":
                    found.setdefault(text, set()).add(source.name)
    return found


def pieces_of_messages():
    """Longer literals of messages that are put together of several: no row is about one alone, but rows contain them."""
    found = set()
    for source in sorted((ROOT / "src").rglob("*.[ch][ch]")):
        for message in re.findall(r"\b(?:warn|say)\(\s*\{(.*?)\}\);", source.read_text(), re.S):
            found |= {text.strip(" :;,") for text in re.findall(r'"((?:[^"\\]|\\.)*)"', message) if len(text) > 15}
    return {re.sub(r"; to see which.*|: chmod .*", "", text.removeprefix("svlogd: ")) for text in found}


# The first argument of each of these is what svctl says went wrong, or is wrong with a service.
CLIENT_SAYS = re.compile(
    r"failure(?:\s+\w+)?\{\s*(?:exit_code::\w+|why\.code\(\)),|\bsettle\(\w+, exit_code::\w+,|emplace_back\(\s*exit_code::\w+,"
    r"|found\.push_back\(\s*\{|\breturn \{\s*\{|\bcomplain_\(|\bsay\((?!failure)"
)


def first_argument(code):
    """The code of an expression, up to what ends it."""
    depth, quoted, end = 0, False, 0
    while end < len(code):
        letter = code[end]
        if quoted:
            end += letter == "\\"
            quoted = letter != '"'
        elif letter == '"':
            quoted = True
        elif letter in "([{":
            depth += 1
        elif letter in ")]}" or letter in ",;":
            if depth == 0:
                break
            depth -= letter in ")]}"
        end += 1
    return code[:end]


def texts_of_the_client():
    """What svctl may say when something is wrong: the fixed words between names, by text: the files that say it."""
    found = {}
    for source in sorted((ROOT / "src/svctl").rglob("*.cc")):
        code = re.sub(r"^\s*//.*|\s//[^\"\n]*$", "", source.read_text(), flags=re.M)
        code = re.sub(r'"\s*\n\s*"', "", code)
        said = [text for match in CLIENT_SAYS.finditer(code)
                for text in re.findall(r'"((?:[^"\\]|\\.)*)"', first_argument(code[match.end():]))]  # fmt: skip
        said += ["unable to " + doing for doing in re.findall(r'system_failure\([^,]+, "([^"]+)"', code)]
        for text in said:
            if re.search(r"[a-z()] [a-z]", text):
                found.setdefault(re.sub(r"\\\\r.*", "", text).strip(" :,'("), set()).add(source.name)
    return found


REMEDY = re.compile(r'^    \{remedy::\w+, "[a-z-]+", "((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"(?:, \w+, "[a-z-]+")?\},$', re.M)


def remedies():
    """What svctl says of a service and what cures it, as the page shows both: ... for the words that are filled in."""
    shown = [re.sub(r"\{\d\}", "...", re.sub(r"\\(.)", r"\1", text)).replace("|", "\\|")
             for row in REMEDY.findall((ROOT / "src/svctl/remedies.cc").read_text()) for text in row]  # fmt: skip
    return dict(zip(shown[::2], shown[1::2]))


def test_the_page_has_every_remedy_with_its_cure():
    rows = {text: cure for text, _, cure in re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+) \|$", TROUBLE.read_text(), re.M)}
    known = {cause: f"`{cure}`" for cause, cure in remedies().items()}
    assert {cause: rows.get(cause) for cause in known if cause not in rows} == {}
    wrong = {cause: rows[cause] for cause, cure in known.items() if cure not in ("``", "`...`") and rows[cause] != cure}
    assert wrong == {}


def entries():
    """The texts of the first column of the tables, where the other two have a cause and a cure."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", TROUBLE.read_text(), re.M)
    return {text for first, cause, cure in rows if cause.strip("- ") and cure.strip("- ") for text in re.findall(r"`([^`]+)`", first)}


def test_every_error_text_has_its_cause_and_its_cure():
    known = entries()
    missing = {text: files for text, files in {**error_texts(), **texts_of_the_client()}.items() if not any(text in entry for entry in known)}
    assert missing == {}


def test_no_entry_is_about_what_is_never_said():
    words = set(re.findall(r'return "([^"]+)"', (ROOT / "src/core/error_words.cc").read_text()))
    labels = {"timeout: ...", "kill: ...", "dropping: ...", "warning: restarting.", "usage: ..."}
    said = set(error_texts()) | set(texts_of_the_client()) | set(remedies()) | pieces_of_messages()
    said |= {"deleted before it could be read", "skipped", "logs: whose?", "is no command", "has no log", "have no log", "not ... after",
             "is one argument too many", "is no option of it", "is no number", "is no whole number", "to syslog"}
    assert [e for e in entries() if e not in words | labels and not any(text in e for text in said)] == []


# -- every program has its whole page -----------------------------------------------------------------------------------

SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "COMPATIBILITY", "SEE ALSO")


@pytest.mark.parametrize("page", sorted((ROOT / "man").glob("*.8")), ids=lambda p: p.name)
def test_a_page_has_all_its_sections(page):
    sections = re.findall(r"^\.Sh (.*)", page.read_text(), re.M)
    assert [s for s in SECTIONS if s not in sections] == []


def test_every_program_has_a_page():
    programs = {p.stem for p in (ROOT / "src/prog").glob("*.cc")}
    assert programs <= {p.stem for p in (ROOT / "man").glob("*.8")}


def test_every_option_of_chpst_that_is_a_word_is_in_its_page():
    words = set(re.findall(r"chpst_option\{'\\0', \"([\w-]+)\"", (ROOT / "src/core/chpst_options.cc").read_text()))
    page = (ROOT / "man/chpst.8").read_text()
    assert len(words) > 15 and {word for word in words if f"It Fl -{word}" not in page} == set()
