"""Which lines the tests run: ./dev coverage. Reads what gcc's build has counted, and prints a table.

    coverage.py BUILD [--core PERCENT] [--all PERCENT] [--missing]

Fails when fewer lines run than that. A line counts when a test has run it in any program. What can not be counted, and
so counts as not run: what a child does between vfork(2) and a failed execve(2) in another root or as another user, who
cannot write the counts down; and the lines after the last wait of a program that ends by _exit(2).
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 40  # files for one gcov


def counts_below(build):
    """{file: {line: times it ran}} for src/core, src/sys, src/parts, src/prog and src/svctl."""
    counted = defaultdict(dict)
    notes = sorted(Path(build).rglob("*.gcno"))
    for at in range(0, len(notes), AT_ONCE):
        said = subprocess.run(["gcov", "--json-format", "--stdout", *map(str, notes[at:at + AT_ONCE])],
                              capture_output=True, text=True, check=True).stdout
        for line in said.splitlines():
            if not line.startswith("{"):
                continue
            for file in json.loads(line)["files"]:
                path = Path(file["file"])
                path = path if path.is_absolute() else Path(build) / path
                try:
                    name = str(path.resolve().relative_to(ROOT))
                except ValueError:
                    continue  # of the system
                if name.startswith("src/"):
                    lines = counted[name]
                    for each in file["lines"]:
                        number = each["line_number"]
                        lines[number] = lines.get(number, 0) + each["count"]
    return counted


def percent(ran, all_):
    return 100.0 * ran / all_ if all_ else 100.0


def row(name, lines, missing=False):
    ran = sum(1 for count in lines if count)
    print(f"{name:<44} {ran:>6} / {len(lines):<6} {percent(ran, len(lines)):6.1f} %{missing or ''}")
    return percent(ran, len(lines))


def ranges(numbers):
    """3, 4, 5, 9 → 3-5 9"""
    text = []
    for number in numbers:
        if text and text[-1][1] == number - 1:
            text[-1][1] = number
        else:
            text.append([number, number])
    return " ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--core", type=float, default=0)
    parser.add_argument("--all", type=float, default=0)
    parser.add_argument("--missing", action="store_true", help="the lines that did not run, behind each file")
    asked = parser.parse_args()

    counted = counts_below(asked.build)
    if not counted:
        sys.exit(f"nothing was counted below {asked.build}")
    reached = {}
    for directory in ("src/core", "src/sys", "src/parts", "src/prog", "src/svctl"):
        files = {name: lines for name, lines in counted.items() if name.startswith(directory + "/")}
        for name, lines in sorted(files.items()):
            missing = ranges(sorted(n for n, count in lines.items() if not count))
            row(name, lines.values(), f"  {missing}" if asked.missing else "")
        reached[directory] = row(directory, [c for lines in files.values() for c in lines.values()])
        print()
    everything = row("src", [c for lines in counted.values() for c in lines.values()])
    if reached["src/core"] < asked.core or everything < asked.all:
        sys.exit(f"fewer lines run than should: core {asked.core} %, all {asked.all} %")


if __name__ == "__main__":
    main()
