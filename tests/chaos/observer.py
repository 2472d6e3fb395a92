"""The observer: sees by itself what the tree does, out of /proc and the files, and knows of the faults nothing but when
they have ceased. Runs in the namespace. It writes two files: findings, a line for each promise that was not kept, as soon
as it is seen; and figures, at the end.

    always    at most one ./run or ./finish of a service, and one logger
              no zombie of a supervisor is older than a second, but for those of one that is stopped
              logs: every number once and in order; what a killed logger had not taken from its pipe may come again
    in calm   what is wanted up is up, what is wanted down is down, within two seconds, and stays so
              supervise/status and supervise/pid say so
    at last   memory and descriptors of every supervisor are those of the beginning; every line has arrived
"""

import collections
import json
import os
import re
import stat
import struct
import sys
import time
from pathlib import Path

import proc
import tree

NOTES = Path("/chaos")
LINE = re.compile(rb"[0-9-]{10}_[0-9:.]{14} (\d+) ([a-z]*) (\d+)")
STAMP = b"0000-00-00_00:00:00.00000 "
LETTERS = b"abcdefghijklmnopqrstuvwxyz" * 4
PIPE_SIZE = 65536
SHORTEST_LINE = 8
ZOMBIE_FOR = 1.0
EVERY = 0.1  # seconds between two looks


class Log:
    """Follows the log of a writer through its rotations, and audits the numbers."""

    def __init__(self, name, report):
        self.name = name
        self.report = report
        self.directory = Path("/log") / name
        self.seen = {}  # inodes, in the order of their coming
        self.file = None
        self.rest = b""
        self.last = 0  # the highest number logged so far
        self.previous = 0  # the number of the line before
        self.lines = self.twice = self.torn = self.spilt = self.unknown = self.bytes = 0

    def follow(self):
        """Reads what has come. A file is left when there is a later one, and then it has been read to its end."""
        later = self._later()
        self._read()
        for path, inode in later:
            self._leave()
            try:
                self.file = open(path, "rb", buffering=0)
                self.seen[inode] = self.path = path
            except FileNotFoundError:  # renamed since: it will be found under its new name
                break
            if os.fstat(self.file.fileno()).st_ino != inode:
                del self.seen[inode]
                self.file.close()
                self.file = None
                break
            self._read()

    def _later(self):
        """Files that have not been opened yet, the oldest first."""
        found = []
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    if entry.name == "current" or entry.name[0] == "@" and entry.name[-1] in "su":
                        if entry.inode() not in self.seen:
                            # Not by name: the clock that gives it jumps. The one of the kernel does not.
                            written = entry.stat().st_mtime_ns
                            found.append((entry.name == "current", written, entry.path, entry.inode()))
        except FileNotFoundError:  # one was renamed meanwhile: at the next look
            return []
        return [(path, inode) for _, _, path, inode in sorted(found)]

    def _read(self):
        while self.file and (got := self.file.read(1 << 20)):
            self.bytes += len(got)
            *lines, self.rest = (self.rest + got).split(b"\n")
            for line in lines:
                self._line(line)

    def _leave(self):
        """The end of a file. A logger that was killed in the middle of a line has left the head of one, and its file is
        not executable; the line itself comes again."""
        if self.rest:
            self.torn += 1
            if os.fstat(self.file.fileno()).st_mode & stat.S_IXUSR:
                self.report("torn line", self.name, f"a file that was closed ends with {self.rest!r}")
        self.rest = b""
        if self.file:
            self.file.close()
        self.file = None

    def _line(self, line):
        self.lines += 1
        whole = LINE.fullmatch(line)
        if not whole or whole[1] != whole[3] or whole[2] != LETTERS[: int(whole[1]) * 7919 % 61]:
            if self._is_head_of_spilt(line):
                self.torn += 1
                return None
            return self.report("torn line", self.name, repr(line))
        number = int(whole[1])
        if number > self.last + 1:
            self._gap(self.last + 1, number - 1)
        elif number <= self.last:
            self.twice += 1
            if number != self.previous + 1 and self.last - number > PIPE_SIZE / SHORTEST_LINE:
                self.report("line order", self.name, f"{number} after {self.last}: more than a pipe has come again")
        if number != self.previous + 1 and self.previous not in (self.last, number):
            self.report("line order", self.name, f"{number} after {self.previous}, and {self.last} was the last")
        self.previous = number
        self.last = max(self.last, number)
        return None

    def _is_head_of_spilt(self, line):
        """The head of a line that a full disk let in, ended by the next logger: the rest went with a pipe that was killed
        whole, and with it what would have come again."""
        unknown = self.notes("unknown")
        number = self.previous + 1
        while number in unknown:
            number += 1
        text = b"%d %s %d" % (number, LETTERS[: number * 7919 % 61], number)
        stamp, rest = line[: len(STAMP)], line[len(STAMP) :]
        begins = re.sub(rb"[0-9]", b"0", stamp) == STAMP[: len(stamp)] and text.startswith(rest)
        return begins and any(number <= mark + 1 < number + PIPE_SIZE / SHORTEST_LINE for mark in self.notes("spilt"))

    def _gap(self, first, last):
        """Numbers that did not come: never written, for their writer was killed, or spilt with their pipe."""
        unknown, spilt = self.notes("unknown"), self.notes("spilt")
        lost = [number for number in range(first, last + 1) if number not in unknown]
        self.unknown += last + 1 - first - len(lost)
        if lost and any(lost[-1] <= mark <= lost[-1] + 1 for mark in spilt) and len(lost) < PIPE_SIZE / SHORTEST_LINE:
            self.spilt += len(lost)
        elif lost:
            self.report("lost lines", self.name, f"{len(lost)} of {first}…{last}, the first {lost[0]}, the last {lost[-1]}")

    def notes(self, what):
        try:
            return {int(word) for word in Path(f"/run/ledger/{self.name}.{what}").read_text().split()}
        except FileNotFoundError:
            return set()

    def written(self):
        try:
            return struct.unpack("=QQ", Path(f"/run/ledger/{self.name}").read_bytes())[1]
        except (FileNotFoundError, struct.error):
            return 0

    def complete(self):
        return self.last >= self.written()

    def figures(self):
        return {what: getattr(self, what) for what in ("lines", "twice", "torn", "spilt", "unknown", "bytes")}


class Recovery:
    """One calm: how long each service takes to be what it is wanted to be."""

    def __init__(self, number, phase):
        self.number = number
        self.since, self.wall = phase["since"], phase["since_wall"]
        self.wanted = phase["wanted"]
        self.limit = phase["limit"]
        self.last = 0.0
        self.bad = {}  # the last moment at which it was not so, and why
        self.started = {}
        self.looks = 0

    def look(self, now, by_part):
        self.looks += 1
        self.last = now - self.since
        for one in tree.ALL:
            why = self.wrong(one, by_part)
            if why:
                self.bad[one.name] = (self.last, why)

    def late(self):
        """What took too long, or was not so at the end."""
        return {name: (at, why) for name, (at, why) in self.bad.items() if at > self.limit or at == self.last}

    def wrong(self, one, by_part):
        main, finish = by_part.get(("run", one.name), []), by_part.get(("finish", one.name), [])
        if one is tree.FARM:
            return "" if any(p.name == "/farm" for p in by_part.get(("runsvdir", "/farm"), [])) else "is not up"
        if not self.wanted[one.name]:
            return "is not down" if main or finish else self.lies(one, 0) if one.settles else ""
        if one.log and not by_part.get(("svlogd", one.name)):
            return "has no logger"
        if not one.settles:  # it comes and goes: it must have come since
            return "" if self.has_started(one) else "has not been started"
        if len(main) != 1:
            return "is not up"
        if main[0].stopped:
            return "is stopped"
        return self.lies(one, main[0].pid)

    def has_started(self, one):
        if one.name not in self.started:
            try:
                if os.stat(f"/run/token/{one.name}").st_mtime > self.wall:
                    self.started[one.name] = True
            except FileNotFoundError:
                pass
        return one.name in self.started

    @staticmethod
    def lies(one, pid):
        """Whether the files say something else."""
        try:
            record = Path(f"{one.directory}/supervise/status").read_bytes()
            text = Path(f"{one.directory}/supervise/pid").read_text()
        except OSError:
            return "has no status"
        (said,) = struct.unpack("<I", record[12:16])
        if said != pid or int(text or "0") != pid or (record[19] == 1) != (pid != 0):
            return f"is {pid or 'down'}, and the files say {said} and {text.strip() or 'nothing'}"
        return ""


class Observer:
    def __init__(self, findings):
        self.findings = findings
        self.census = proc.Census()
        self.logs = [Log(one.name, self.report) for one in tree.ALL if one.numbered]
        self.checked = collections.Counter()
        self.reported = set()
        self.violations = 0  # bytes of the file that have been read
        self.suspects = set()
        self.zombies = {}
        self.oldest_zombie = 0.0
        self.cpu = {}
        self.cpu_at = 0.0
        self.recovery = None
        self.recoveries = []
        self.phase = {}
        self.measures = {}
        self.looks = 0
        self.lag = 0.0

    def report(self, promise, name, what):
        """Every promise that was not kept, once for each service and phase."""
        key = promise, name, len(self.recoveries), self.phase.get("phase")
        if key in self.reported:
            return
        self.reported.add(key)
        self.findings.write(json.dumps({"at": time.monotonic(), "promise": promise, "name": name, "what": what}) + "\n")
        self.findings.flush()

    # -- always --------------------------------------------------------------------------------------------------

    def look(self):
        now = time.monotonic()
        processes = self.census.look()
        by_part = collections.defaultdict(list)
        for one in processes.values():
            if one.role and one.lives:
                by_part[one.role, one.name].append(one)
        self.looks += 1
        self.see_doubles(by_part)
        self.see_zombies(processes, now)
        if now - self.cpu_at >= 1:
            self.see_cpu(processes, now)
        if self.recovery and now - self.recovery.since > 0:
            self.checked["wanted is so"] += len(tree.ALL)
            self.recovery.look(now, by_part)
        for log in self.logs:
            log.follow()
        return processes

    def see_doubles(self, by_part):
        self.checked["one process"] += len(tree.ALL)
        suspects = set()
        for (role, name), those in by_part.items():
            if role == "run":
                those = those + by_part.get(("finish", name), [])
            if role in ("run", "svlogd", "finish") and len(those) > 1:
                pids = tuple(sorted((one.pid, one.start) for one in those))
                suspects.add(pids)
                if pids in self.suspects:  # they were there at the last look, too
                    self.report("one process", name, f"{len(those)} of {role}: {[one.pid for one in those]}")
        self.suspects = suspects
        try:
            with open("/run/violations", "rb") as file:
                file.seek(self.violations)
                said = file.read()
        except FileNotFoundError:
            return
        self.violations += len(said)
        for line in said.decode().splitlines():
            self.report("one process", line.partition(":")[0], line)

    def see_zombies(self, processes, now):
        zombies = {}
        for one in processes.values():
            above = processes.get(one.parent)
            if one.state != "Z" or not above or not above.supervises or above.stopped:
                continue
            key = one.pid, one.start, one.parent
            zombies[key] = self.zombies.get(key, now)
            age = now - zombies[key]
            self.checked["zombies"] += 1
            self.oldest_zombie = max(self.oldest_zombie, age)
            if age > ZOMBIE_FOR + 2 * self.lag:
                self.report("zombies", f"{above.role} {above.name}", f"{one.program} {one.pid}: {age:.1f} s")
        self.zombies = zombies

    def see_cpu(self, processes, now):
        self.cpu_at = now
        for one in processes.values():
            if one.supervises or one.role == "svlogd":
                try:
                    used = int(Path(f"/proc/{one.pid}/schedstat").read_text().split()[0]) / 1e9
                except OSError:
                    continue
                self.cpu.setdefault(f"{one.role} {one.name} {one.pid}.{one.start}", []).append((round(now, 3), used))

    # -- phases --------------------------------------------------------------------------------------------------

    def read_phase(self):
        try:
            phase = json.loads((NOTES / "phase").read_text())
        except FileNotFoundError:
            return
        if phase == self.phase:
            return
        self.end_calm()
        self.phase = phase
        (NOTES / "seen").write_text(phase["phase"])
        name = phase["phase"]
        if name == "calm":
            self.recovery = Recovery(len(self.recoveries), phase)
        elif name.startswith("measure"):
            which = name.split()[1]
            self.measures[which] = self.measure()
            (NOTES / f"measured {which}").touch()

    def end_calm(self):
        calm, self.recovery = self.recovery, None
        if not calm:
            return
        times = {one.name: calm.bad.get(one.name, (0.0, ""))[0] for one in tree.ALL}
        self.recoveries.append({"limit": calm.limit, "looks": calm.looks, "times": times})
        for name, (late, why) in calm.late().items():
            promise = "wanted up is up" if calm.wanted[name] else "wanted down stays down"
            self.report(promise, name, f"{late:.2f} s after the faults had ceased it {why}")

    def measure(self):
        """What each supervisor has of memory and descriptors."""
        found = {}
        for one in self.census.look().values():
            if not (one.supervises or one.role == "svlogd") or not one.lives:
                continue
            try:
                rollup = dict(re.findall(r"^(\w+):\s+(\d+) kB$", Path(f"/proc/{one.pid}/smaps_rollup").read_text(), re.M))
                links = [os.readlink(f"/proc/{one.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{one.pid}/fd")]
            except OSError:  # it has ended since
                continue
            files = []
            for link in links:
                files.append(re.sub(r"\d+|~\w+|@\w+", "", os.path.basename(link) if link[0] == "/" else link))
            found[f"{one.role} {one.name}".strip()] = {
                # Whether a clean page of the program is private depends on other processes that run the program.
                "private": int(rollup["Private_Dirty"]),
                "pss": int(rollup["Pss"]),
                "files": sorted(files),
            }
        return found

    def audit(self):
        """All lines have arrived, or will not."""
        end = time.monotonic() + 15
        while time.monotonic() < end and not all(log.complete() for log in self.logs):
            self.look()
            time.sleep(EVERY)
        for log in self.logs:
            written = log.written()
            missing = written - log.last
            if not log.complete() and not (written in log.notes("unknown") and missing == 1):
                self.report("lost lines", log.name, f"the last {missing}, up to {written}")

    def figures(self, seconds):
        return {
            "seconds": seconds,
            "looks": self.looks,
            "lag": self.lag,
            "checked": dict(self.checked),
            "zombie": self.oldest_zombie,
            "recoveries": self.recoveries,
            "logs": {log.name: log.figures() for log in self.logs},
            "cpu": self.cpu,
            "measures": self.measures,
            "own cpu": time.process_time(),
        }

    def run(self):
        began = last = time.monotonic()
        while self.phase.get("phase") != "audit":
            self.read_phase()
            self.look()
            now = time.monotonic()
            self.lag = max(self.lag * 0.99, now - last - EVERY)
            last = now
            time.sleep(EVERY)
        self.audit()
        (NOTES / "figures.new").write_text(json.dumps(self.figures(time.monotonic() - began)))
        (NOTES / "figures.new").rename(NOTES / "figures")
        (NOTES / "audited").touch()


def main():
    with open(NOTES / "findings", "w") as findings:
        Observer(findings).run()


if __name__ == "__main__":
    sys.exit(main())
