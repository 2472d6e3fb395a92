"""Draws what a terminal shows as an SVG: text with the colours that svctl uses, nothing else.

    to_svg(text, columns, title)     text: lines with \\e[…m between them (svctl --color=always, or tmux capture-pane -e)

The picture is text, so it can be searched and copied; it needs no font but a monospaced one.
"""

import re
import unicodedata
from xml.sax.saxutils import escape

CELL, LINE, MARGIN, BAR = 8.4, 19, 14, 30  # pixels: of a 14 px monospaced font
PALETTE = {30: "#45475a", 31: "#f38ba8", 32: "#a6e3a1", 33: "#f9e2af", 34: "#89b4fa", 35: "#cba6f7", 36: "#94e2d5",
           37: "#bac2de"}
PAPER, INK, FRAME = "#1e1e2e", "#cdd6f4", "#313244"


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def words(text):
    """The words of a text with the column of each: one word is what has no two spaces together. A viewer may take several
    spaces for one, or leave out those at an end, so no text of the picture has any."""
    for match in re.finditer(r"\S+( \S+)*", text):
        yield width(text[:match.start()]), match[0]


class Style:
    """What the escape sequences have asked for so far."""

    def __init__(self):
        self.color = self.paper = None
        self.bold = self.faint = self.inverse = False

    def obey(self, codes):
        for code in [int(c or 0) for c in codes.split(";")]:
            if code == 0:
                self.__init__()
            elif code in (1, 2, 7):
                setattr(self, {1: "bold", 2: "faint", 7: "inverse"}[code], True)
            elif code in (22, 27):
                self.bold = self.faint = self.inverse = False
            elif code in (39, 49):
                setattr(self, {39: "color", 49: "paper"}[code], None)
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.color = PALETTE[code % 60 if code < 90 else code - 60]
            elif 40 <= code <= 47:
                self.paper = PALETTE[code - 10]

    def attributes(self):
        ink, paper = self.color or INK, self.paper
        if self.inverse:
            ink, paper = paper or PAPER, ink
        text = f' fill="{ink}"' + (' font-weight="bold"' if self.bold else "") + (' opacity="0.6"' if self.faint else "")
        return text, paper


def draw_line(line, top, style):
    shapes, column = [], 0
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b"):
            style.obey(part[2:-1])
        elif part:
            left, (attributes, paper) = MARGIN + column * CELL, style.attributes()
            if paper:
                shapes.append(f'<rect x="{left:.1f}" y="{top - 14}" width="{width(part) * CELL:.1f}" height="{LINE}" fill="{paper}" shape-rendering="crispEdges"/>')
            for at, word in words(part):
                shapes.append(f'<text x="{left + at * CELL:.1f}" y="{top}" textLength="{width(word) * CELL:.1f}"{attributes}>{escape(word)}</text>')
            column += width(part)
    return shapes


def to_svg(text, columns, title):
    lines = text.rstrip("\n").split("\n")
    wide, high = 2 * MARGIN + columns * CELL, BAR + MARGIN + len(lines) * LINE + MARGIN / 2
    style, shapes = Style(), []
    for number, line in enumerate(lines):
        shapes += draw_line(line, BAR + MARGIN + 8 + number * LINE, style)
    dots = "".join(f'<circle cx="{18 + 18 * i}" cy="15" r="5.5" fill="{c}"/>' for i, c in enumerate(("#f38ba8", "#f9e2af", "#a6e3a1")))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/><rect width="100%" height="{BAR}" rx="8" fill="{FRAME}"/>{dots}',
        f'<text x="{wide / 2:.0f}" y="20" fill="{INK}" text-anchor="middle" font-family="sans-serif" font-size="13">{escape(title)}</text>',
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">',
        *shapes, "</g>", "</svg>", ""])  # fmt: skip
