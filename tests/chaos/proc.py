"""The processes of the machine under torment, each with the part that it plays. Read from /proc, inside the namespace."""

import os
import signal
import time
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    program: str  # its comm
    state: str
    start: int
    cpu: float  # seconds, in ticks
    role: str  # runit, runsvdir, runsv, svlogd, run, finish, script, child; "" for a foreign process
    name: str  # of the service; for runsvdir its directory

    @property
    def lives(self):
        return self.state not in "ZX"

    @property
    def stopped(self):
        return self.state in "Tt"

    @property
    def supervises(self):
        return self.role in ("runit", "runsvdir", "runsv")


class Census:
    """Looks at all processes again and again, and asks each only once what it is."""

    def __init__(self):
        self._known = {}
        self._forked = set()

    def look(self):
        """Every process, by pid."""
        found, known = {}, {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    head, _, tail = file.read().decode(errors="replace").rpartition(")")
                words, program = tail.split(), head.partition("(")[2]
                key = entry, words[19], program
                part = self._known.get(key) or part_of(entry, program)
                if part[0] or words[0] in "ZX":  # look again at a process that will execute another program
                    known[key] = part
            except OSError:
                continue
            found[int(entry)] = Process(int(entry), int(words[1]), program, words[0], int(words[19]),
                                        (int(words[11]) + int(words[12])) / TICKS, *part)  # fmt: skip
        self._known = known
        # What a service has forked looks like the service, and goes on to when its parent has been killed.
        forked = set()
        for pid, one in found.items():
            above = found.get(one.parent)
            has_parent = above and (above.role, above.name) in (("run", one.name), ("child", one.name))
            if one.role == "run" and (has_parent or (pid, one.start) in self._forked):
                forked.add((pid, one.start))
                found[pid] = Process(one.pid, one.parent, one.program, one.state, one.start, one.cpu, "child", one.name)
        self._forked = forked
        return found


def part_of(pid, program):
    """What a process is, by its arguments: (role, name)."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().decode(errors="replace").split("\0")[:-1]
    if not words:
        return "", ""
    if pid == "1":
        return "runit", ""
    first = os.path.basename(words[0])
    if first == "actor" and len(words) > 2:
        kind, _, name = words[1].partition(" ")
        return {"finish": "finish", "answer": "script"}.get(kind, "run"), name
    if first != program:  # a script, or a process between fork and exec
        return "", ""
    if first == "runsv":
        return "runsv", words[-1].partition("~")[0]
    if first == "svlogd":
        return "svlogd", os.path.basename(words[-1])
    if first == "runsvdir":
        return "runsvdir", next((word for word in words[1:] if word.startswith("/")), "")
    return "", ""


def signal_process(one, number):
    """Signals this process, and never another one that has got its number since. False: it has ended."""
    try:
        fd = os.pidfd_open(one.pid)
    except OSError:
        return False
    try:
        with open(f"/proc/{one.pid}/stat", "rb") as file:
            if int(file.read().rpartition(b")")[2].split()[19]) != one.start:
                return False
        signal.pidfd_send_signal(fd, number)
        return True
    except OSError:
        return False
    finally:
        os.close(fd)


def age(one):
    """Seconds since it was started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - one.start / TICKS
