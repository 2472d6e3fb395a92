"""Rows of measurements, as a Markdown table and as JSON."""

import statistics
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

    def __str__(self) -> str:
        return f"≤ {self.limit:.2f}"


@dataclass(frozen=True)
class AtMost:
    """A target by itself, in the unit of its row."""

    limit: float
    text: str

    def met(self, _: float, runwell: float) -> bool:
        return runwell <= self.limit

    def __str__(self) -> str:
        return self.text


@dataclass
class Row:
    """One quantity, measured several times for each suite. `runit` and `runwell` are lists of samples."""

    what: str
    unit: Callable[[float], str]
    target: Ratio | AtMost
    samples: dict[str, list[float]] = field(default_factory=lambda: {"runit": [], "runwell": []})
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
            "/".join(str(len(samples)) for samples in self.samples.values()),
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
    lines = [["what", "runit", "runwell", "ratio", "target", "met?", "samples"], *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join(text + ([""] + notes if notes else []))
