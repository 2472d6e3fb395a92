"""The pictures of svctl in the README: their scripts run, and what is in the tree is what they draw."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

from harness import ROOT, ours

PICTURES = ROOT / "docs/pictures"
SERVICES = ("database", "mail", "queue", "web", "young")

# What is another one each time: pids, times, costs, colours that depend on them, and how wide the columns become by that.
VARIES = re.compile(r"\d+(\.\d+)?[smhKMG%]?\b|/tmp/\S+")


def words_of(picture):
    """The texts of a picture, line by line: {height: "words of the line"}."""
    lines = {}
    for text in xml.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):
        lines.setdefault(float(text.get("y")), []).append("".join(text.itertext()))
    return [" ".join(" ".join(parts).split()) for _, parts in sorted(lines.items())]


@pytest.mark.parametrize("name", ["list", "top"])
def test_a_picture_is_what_its_script_draws(world, name):
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    copy = world.directory / "docs/pictures"
    shutil.copytree(PICTURES, copy)
    (copy / f"{name}.svg").unlink()
    environment = {**os.environ, "RUNWELL_PICTURES_BIN": os.path.dirname(ours().path("svctl")), "TMPDIR": str(world.directory),
                   "TMUX_TMPDIR": str(world.directory)}
    subprocess.run([sys.executable, copy / f"{name}.py"], env=environment, check=True, timeout=120)

    there, drawn = ((place / f"{name}.svg").read_text() for place in (PICTURES, copy))
    found = words_of(drawn)
    for service in SERVICES:
        assert any(re.search(rf"(^|> |\s){service}\s", line) for line in found), (service, found)
    assert f"svctl {name}" in found[0]
    # One of them starts and ends all the time, and may be seen doing either.
    same = [["queue" if re.match("(> )?queue ", line) else re.sub(r"\s+", " ", VARIES.sub("#", line)) for line in lines]
            for lines in (words_of(there), found)]  # fmt: skip
    assert same[0] == same[1]


def test_the_readme_shows_them():
    assert set(re.findall(r"\(docs/pictures/(\w+)\.svg\)", (ROOT / "README.md").read_text())) == {"list", "top"}
