"""The pictures of svctl in the README: their scripts run, and draw the same pictures as in the tree."""

import os
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as xml
import zlib

import pytest

from harness import ROOT, ours

PICTURES = ROOT / "docs/pictures"
SERVICES = ("database", "mail", "queue", "web", "young")

# Parts that differ each time: pids, times, costs, colours that depend on them, and how wide the columns become by that.
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


# -- what a viewer makes of them ----------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"
VIEWERS = {
    "librsvg": ("rsvg-convert", lambda picture, image, world, size: ["rsvg-convert", picture, "-o", image]),
    "Chromium": ("chromium", lambda picture, image, world, size: [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
        f"--user-data-dir={world}/chromium", f"--window-size={size[0]},{size[1]}", f"--screenshot={image}", f"file://{picture}"]),
}


def pixels(image):
    """The rows of a PNG of 8 bits a channel without interlacing: each a list of (red, green, blue)."""
    data, at, packed = image.read_bytes(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", content)
        packed += content if kind == b"IDAT" else b""
        at += 12 + size
    assert (depth, interlaced) == (8, 0) and colour in (2, 6)
    step = 3 if colour == 2 else 4
    raw, above, rows = zlib.decompress(packed), bytes(width * step), []
    for y in range(height):
        begin = y * (width * step + 1)
        how, line = raw[begin], bytearray(raw[begin + 1:begin + 1 + width * step])
        for x in range(len(line)):
            left, up = line[x - step] if x >= step else 0, above[x]
            corner = above[x - step] if x >= step else 0
            if how == 4:
                guess = left + up - corner
                distances = abs(guess - left), abs(guess - up), abs(guess - corner)
                best = (left, up, corner)[distances.index(min(distances))]
            else:
                best = (0, left, up, (left + up) // 2)[how]
            line[x] = (line[x] + best) & 255
        rows.append([tuple(line[x:x + 3]) for x in range(0, len(line), step)])
        above = line
    return rows


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("name", ["list", "top"])
def test_every_word_of_a_picture_is_drawn_in_its_place(world, name, viewer):
    """Each word has ink in its first and its last column, and there is none between the words: spaces are kept."""
    program, command = VIEWERS[viewer]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    picture, image = PICTURES / f"{name}.svg", world.directory / f"{name}.png"
    root = xml.parse(picture).getroot()
    size = int(root.get("width")), int(root.get("height"))
    subprocess.run(command(picture, image, world.directory, size), check=True, timeout=120, capture_output=True)
    rows = pixels(image)
    assert (len(rows[0]), len(rows)) == size

    lines = {}
    for text in root.iter(SVG + "text"):
        if text.get("textLength"):
            begin = float(text.get("x"))
            lines.setdefault(int(float(text.get("y"))), []).append((begin, begin + float(text.get("textLength")), text.text))
    cell = min(end - begin for words in lines.values() for begin, end, word in words if len(word) == 1)
    for y, words in lines.items():
        # The paper of a line has one colour; another one is ink.
        part = [row[14:size[0] - 14] for row in rows[y - 11:y + 3]]
        paper = max(set(part[0]), key=part[0].count)
        ink = {x + 14 for row in part for x, colour in enumerate(row)
               if sum(abs(one - other) for one, other in zip(colour, paper)) > 60}
        for begin, end, word in words:
            assert any(begin - 1 <= x <= begin + cell for x in ink), (word, "does not begin at", begin)
            assert any(end - cell <= x <= end + 1 for x in ink), (word, "does not end at", end)
        words.sort()
        for (_, left, before), (right, _, after) in zip(words, words[1:]):
            assert not (found := [x for x in ink if left + 2 < x < right - 2]), (y, before, after, "ink between them", sorted(found))


def test_the_readme_shows_them():
    assert set(re.findall(r"\(docs/pictures/(\w+)\.svg\)", (ROOT / "README.md").read_text())) == {"list", "top"}
