"""What the pages for people hold that can be followed: README.md, docs/*.md, and EXAMPLES of man/*.

A page is a list of steps, in its order:

    ```console                      commands, and what they print. "$ " is what anna types, "# " is root; a line that
    $ sv status hello               begins with "> " goes on with the command
    down: hello: 0s, normally up
    ```

    ```sh hello/run                 a file: it is written as an editor would, by who typed last
    ```text                         neither; to be looked at
    ```console needs=spark          not followed, for one of the reasons in NEEDS
    <!-- $ command -->              followed, but not shown
    <!-- machine: runit -->         the page is followed on a machine that has Debian's runit in /usr/bin, and not runwell

A page is followed on a machine that has nothing but what the page says (tests/room.py): its packages are named in its text,
and its variables and files are made by its commands.

In a manual page a displayed text with prompts is commands, one after the comment `.\\" file: PATH` is a file, and the
comment `.\\" $ command` is followed but not shown.
"""

import re
from dataclasses import dataclass, field

from harness import ROOT

NEEDS = {
    "build": "compiles or proves the whole of runwell; who runs this test has just done that",
    "spark": "Apache Spark, which Debian does not package",
    "registry": "images of a public registry",
}


@dataclass
class Step:
    line: int
    kind: str  # "command", "file", "text", "needs" or the reason why it cannot be understood
    who: str = ""  # root or anna
    text: str = ""  # the command, or what is in the file
    path: str = ""
    output: list = field(default_factory=list)
    hidden: bool = False


def pages():
    return [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted(p for p in (ROOT / "man").iterdir() if re.fullmatch(r"\.[0-9]", p.suffix)),
    ]


def machine_of(page):
    """What the machine has on which this page is followed: "runit", or "" for the programs under test."""
    found = re.search(r"^<!-- machine: (\w+) -->$", page.read_text(), re.M)
    return found[1] if found else ""


def steps_of(page):
    return of_markdown(page.read_text()) if page.suffix == ".md" else of_manual(page.read_text())


# -- sessions --------------------------------------------------------------------------------------------------------

PROMPTS = {"$ ": "anna", "# ": "root"}


def session(lines, first):
    found = []
    for number, line in enumerate(lines, first):
        if line[:2] in PROMPTS:
            found.append(Step(number, "command", PROMPTS[line[:2]], line[2:]))
        elif not found:
            return [Step(number, f"a session that begins with {line!r} and not with a prompt")]
        elif line.startswith("> ") or line == ">":
            found[-1].text += "\n" + line[2:]
        else:
            found[-1].output.append(line)
    return found


def hidden(text, number):
    return [Step(number, "command", PROMPTS[text[:2]], text[2:], hidden=True)]


# -- Markdown --------------------------------------------------------------------------------------------------------


def of_markdown(text):
    found, lines, at = [], text.splitlines(), 0
    while at < len(lines):
        if opening := re.fullmatch(r"```(\S*) ?(.*)", lines[at]):
            end = lines.index("```", at + 1)
            found += block(*opening.groups(), lines[at + 1 : end], at + 2)
            at = end
        elif comment := re.fullmatch(r"<!-- ([$#] .*) -->", lines[at]):
            found += hidden(comment[1], at + 1)
        elif lines[at].startswith("    ") and at and not lines[at - 1].strip():
            found.append(Step(at + 1, "an indented block: is it commands, a file, or a text?"))
        at += 1
    return found


def block(language, about, lines, first):
    if need := re.fullmatch(r"needs=(\w+)", about):
        return [Step(first, "needs" if need[1] in NEEDS else f"an unknown need: {need[1]}", text=need[1])]
    if language == "console" and not about:
        return session(lines, first)
    if language == "text" and not about:
        return [Step(first, "text", text="\n".join(lines))]
    if about and language != "console":
        return [Step(first, "file", path=about, text="".join(f"{line}\n" for line in lines))]
    return [Step(first, f"a block {language!r} that is neither a session, nor a file with its path, nor a text")]


# -- manual pages ----------------------------------------------------------------------------------------------------


def plain(line):
    """A line of mdoc as it is read."""
    line = re.sub(r"^\\&", "", line)
    return line.replace("\\(aq", "'").replace("\\(dq", '"').replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")


def of_manual(text):
    found, lines, at, examples, path = [], text.splitlines(), 0, False, None
    while at < len(lines):
        line = lines[at]
        if line.startswith(".Sh "):
            examples = line == ".Sh EXAMPLES"
        elif examples and (comment := re.fullmatch(r'\.\\" ([$#] .*)', line)):
            found += hidden(comment[1], at + 1)
        elif examples and (comment := re.fullmatch(r'\.\\" file: (\S+)', line)):
            path = comment[1]
        elif examples and line.startswith(".Dl "):
            found += session([plain(line[4:])], at + 1)
        elif examples and line.startswith(".Bd "):
            end = lines.index(".Ed", at)
            shown = [plain(shown) for shown in lines[at + 1 : end]]
            found += session(shown, at + 2) if path is None else block("file", path, shown, at + 2)
            path, at = None, end
        at += 1
    return found
