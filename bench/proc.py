"""Reads /proc: the tree of processes, their CPU time, memory, context switches."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds; the unit of the times in /proc/PID/stat
KERNEL_PARTS = ("PageTables", "KernelStack", "SUnreclaim")


def children(pid: int) -> list[int]:
    """The children of a process, zombies too; none when it is gone."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants(pid: int) -> list[int]:
    """Everything below a process, parents before their children."""
    found = children(pid)
    for one in found:  # grows while it is walked
        found += children(one)
    return found


def zombie(pid: int) -> bool:
    """Whether a process has ended; one that was reaped has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def program(pid: int) -> str:
    """The path of what a process runs; empty when it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def works_below(pid: int, directory: str) -> bool:
    """Whether a process has its working directory there."""
    try:
        return os.readlink(f"/proc/{pid}/cwd").startswith(directory)
    except OSError:
        return False


def cpu(pids: Iterable[int]) -> float:
    """CPU seconds of living processes: their own to the nanosecond, those of their reaped children in ticks."""
    total = 0.0
    for pid in pids:
        try:
            own = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) * 1e-9
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += own + (int(fields[13]) + int(fields[14])) * TICK  # cutime, cstime
    return total


def table(path: Path) -> dict[str, int]:
    """The numbers of a `Name:   123 kB` file, by name; the lines of one name are added up."""
    found: dict[str, int] = {}
    for line in path.read_text().splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if words and words[0].isdigit():
            found[name] = found.get(name, 0) + int(words[0])
    return found


def switches(pids: Iterable[int]) -> int:
    """The context switches of processes so far, voluntary and not."""
    total = 0
    for pid in pids:
        status = table(Path(f"/proc/{pid}/status"))
        total += status["voluntary_ctxt_switches"] + status["nonvoluntary_ctxt_switches"]
    return total


@dataclass(frozen=True)
class UserMemory:
    """User-space memory of some processes, in kB."""

    private: int
    pss: int


def user_memory(pids: Iterable[int]) -> UserMemory:
    """Adds up the private and the proportional memory of processes (smaps_rollup)."""
    private = pss = 0
    for pid in pids:
        rollup = table(Path(f"/proc/{pid}/smaps_rollup"))
        private += rollup["Private_Clean"] + rollup["Private_Dirty"]
        pss += rollup["Pss"]
    return UserMemory(private, pss)


def kernel_memory() -> dict[str, int]:
    """The parts of the kernel's memory that processes cost, of the whole machine, in kB (/proc/meminfo)."""
    everything = table(Path("/proc/meminfo"))
    return {part: everything[part] for part in KERNEL_PARTS}


def settled_kernel_memory(patience: float = 3.0) -> dict[str, int]:
    """kernel_memory(), once it has stopped changing (what ended processes held is freed late), or after `patience`."""
    end = time.monotonic() + patience
    last = kernel_memory()
    while True:
        time.sleep(0.2)
        now = kernel_memory()
        if time.monotonic() > end or all(abs(now[part] - last[part]) <= 64 for part in now):
            return now
        last = now
