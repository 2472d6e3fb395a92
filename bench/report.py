"""Rows of measurements, as a Markdown table and as JSON."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.{2 if seconds < 0.1 else 0}f} ms"


def kilobytes(amount: float) -> str:
    return f"{amount:.1f} kB"


def number(amount: float) -> str:
    return f"{amount:.0f}"


@dataclass(frozen=True)
class Ratio:
    """A target relative to runit's median."""

    limit: float

    def met(self, runit: float, runwell: float) -> bool:
        return runwell <= self.limit * runit

    def excess(self, runit: float, runwell: float) -> float:
        """How many times the limit was measured."""
        return runwell / (self.limit * runit)

    def __str__(self) -> str:
        return f"≤ {self.limit:.2f}"

    def in_words(self) -> str:
        return f"{self.limit:.2f} of runit's"


@dataclass(frozen=True)
class AtMost:
    """A target by itself, in the unit of its row."""

    limit: float
    text: str

    def met(self, _: float, runwell: float) -> bool:
        return runwell <= self.limit

    def excess(self, _: float, runwell: float) -> float:
        return runwell / self.limit

    def __str__(self) -> str:
        return self.text

    def in_words(self) -> str:
        return self.text.removeprefix("≤ ")


@dataclass
class Row:
    """One quantity, measured several times for each suite."""

    what: str
    unit: Callable[[float], str]
    target: Ratio | AtMost
    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    note: str = ""

    def median(self, suite: str) -> float:
        return statistics.median(self.samples[suite])

    @property
    def ratio(self) -> float | None:
        return self.median("runwell") / self.median("runit") if self.median("runit") else None

    @property
    def met(self) -> bool:
        return self.target.met(self.median("runit"), self.median("runwell"))

    def cells(self) -> list[str]:
        return [
            self.what,
            self.unit(self.median("runit")),
            self.unit(self.median("runwell")),
            "–" if self.ratio is None else f"{self.ratio:.{2 if self.ratio >= 0.01 else 4}f}",
            str(self.target),
            "yes" if self.met else "**no**",
            f"{len(self.samples['runit'])}/{len(self.samples['runwell'])}",
        ]

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "runit": self.median("runit"),
            "runwell": self.median("runwell"),
            "ratio": self.ratio,
            "target": str(self.target),
            "met": self.met,
            "samples": self.samples,
            "note": self.note,
        }


def markdown(rows: Sequence[Row]) -> str:
    """The table, its columns aligned, and below it the notes."""
    table = aligned([["what", "runit", "runwell", "ratio", "target", "met?", "samples"], *(row.cells() for row in rows)])
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join([table] + ([""] + notes if notes else []))


def comparison(rows: Sequence[Row], suites: Sequence[str]) -> str:
    """A Markdown table of medians, a column for each suite, those after the first with their ratio to it."""
    lines = [["what", *suites], *([row.what, *(relative(row, suites[0], suite) for suite in suites)] for row in rows)]
    return aligned(lines)


def relative(row: Row, first: str, suite: str) -> str:
    value = row.unit(row.median(suite))
    if suite == first or not row.median(first):
        return value
    return f"{value} ({times(row.median(suite) / row.median(first))})"


def overview(rows: Sequence[tuple[str, Row]], suites: Sequence[str]) -> str:
    """The table of the README: what, the ratio of the second suite to the first, the medians, and the aim. A row that misses
    its aim says how many times the aim was measured; a suite that was not measured has a dash."""
    first, second, *others = suites
    lines = [["", f"{second} ÷ {first}", *suites, "aim, at most"]]
    for what, row in rows:
        ours, theirs = row.median(first), row.median(second)
        medians = [row.unit(row.median(suite)) if row.samples.get(suite) else "–" for suite in suites]
        lines.append([what, times(theirs / ours) if ours else "–", *medians, aim(row, theirs, ours)])
    return aligned(lines)


def aim(row: Row, theirs: float, ours: float) -> str:
    target = row.target.in_words()
    if not target or row.target.met(theirs, ours):
        return target or "–"
    excess = row.target.excess(theirs, ours)
    return f"{target}; measured {f'{excess:.2f} ×' if excess < 1.1 else times(excess)} that"


def times(ratio: float) -> str:
    digits = 2 - len(f"{ratio:.0f}") if ratio >= 1 else 2  # two that count
    return f"{round(ratio, digits):.{max(digits, 0)}f} ×"


def aligned(lines: list[list[str]]) -> str:
    """A Markdown table; the first line is its head."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)
