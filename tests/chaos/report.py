"""What a run of chaos has come to: for people, and as JSON."""

import collections
import json
import statistics

CPU_LIMIT = 0.01  # of one processor
# kB. Trouble touches pages of code and data that nothing else does; a logger keeps the room of a small block of lines
# (16 KiB, and with the stamps), and gives back only that of large ones.
MEMORY_LIMITS = {"runit": 16, "runsvdir": 16, "runsv": 16, "svlogd": 48}
SHORTEST = 60.0  # seconds of a run in which a share of CPU means something
MADE_WHEN_NEEDED = ("anon_inode:[eventpoll]",)  # of runsvdir, once it has met the runsv of another
PROMISES = {
    "one process": "at most one process of a ./run or ./finish, and one logger",
    "wanted up is up": "what is wanted up is up, and stays so",
    "wanted down stays down": "what is wanted down is down, and stays so",
    "lost lines": "no numbered line is lost",
    "torn line": "no numbered line is torn",
    "line order": "numbered lines keep their order",
    "zombies": "no zombie of a supervisor is older than a second",
    "CPU": "no supervisor uses more than 1 % of a processor",
    "memory": "memory of every supervisor is that of the beginning",
    "descriptors": "descriptors of every supervisor are those of the beginning",
    "shutdown": "the machine is shut down in order",
}


class Report:
    def __init__(self, seed, notes, ending, shutdown, seconds):
        self.seed = seed
        self.journal = [json.loads(line) for line in notes["journal"].splitlines()]
        self.figures = json.loads(notes["figures"])
        self.broken = [json.loads(line) for line in notes["findings"].splitlines()]
        self.ending, self.shutdown, self.seconds = ending, shutdown, seconds
        self.faults = collections.Counter(one["fault"] for one in self.journal if one["event"] == "fault")
        self.spared = collections.Counter(one["fault"] for one in self.journal if one["event"] == "spared")
        self.storms = sum(one["event"] == "storm" for one in self.journal)
        self.cpu = self._cpu()
        self.growth = self._growth()
        self._judge()

    def _floods(self, name):
        """When commands were poured into the pipe of this service: its supervisor is paid to read them."""
        at = {"flood": [], "flooded": []}
        for one in self.journal:
            if one["event"] in at and one["name"] == name:
                at[one["event"]].append(one["at"])
        return list(zip(at["flood"], at["flooded"]))

    def _cpu(self):
        """The share of one processor of each supervisor, whatever process was it, outside of floods of commands."""
        used, lived = collections.Counter(), collections.Counter()
        for key, samples in self.figures["cpu"].items():
            who = key.rpartition(" ")[0].strip()
            if who.startswith("svlogd"):
                continue
            floods = self._floods(who.partition(" ")[2])
            for (t0, c0), (t1, c1) in zip(samples, samples[1:]):
                if not any(begin < t1 and t0 < end for begin, end in floods):
                    used[who] += c1 - c0
                    lived[who] += t1 - t0
        return {who: used[who] / lived[who] for who in lived if lived[who] > 0}

    def _growth(self):
        first, last = self.figures["measures"]["first"], self.figures["measures"]["last"]
        return {who: {"kB": last[who]["private"] - first[who]["private"] if who in last else None,
                      "files": [first[who]["files"], last[who]["files"] if who in last else []]}
                for who in first}  # fmt: skip

    def _judge(self):
        def broken(promise, name, what):
            self.broken.append({"promise": promise, "name": name, "what": what})

        for who, share in self.cpu.items():
            if share > CPU_LIMIT and self.figures["seconds"] >= SHORTEST * 2:
                broken("CPU", who, f"{share:.2%}")
        for who, grown in self.growth.items():
            if grown["kB"] is None:
                broken("memory", who, "is not there any more")
                continue
            if grown["kB"] > MEMORY_LIMITS[who.split()[0]]:
                broken("memory", who, f"{grown['kB']:+} kB")
            before, after = ([file for file in files if file not in MADE_WHEN_NEEDED] for files in grown["files"])
            if before != after:
                more = collections.Counter(after)
                more.subtract(before)
                broken("descriptors", who, ", ".join(f"{count:+} {what}" for what, count in more.items() if count))
        if self.ending != "power off":
            broken("shutdown", "runit", str(self.ending))

    @property
    def kept(self):
        return not self.broken

    def recovery(self):
        """Seconds from the end of the faults until all was as wanted: of every service in every calm."""
        return sorted(time for calm in self.figures["recoveries"][1:] for time in calm["times"].values())

    def as_json(self):
        times = self.recovery()
        return {
            "seed": self.seed, "seconds": self.seconds, "faults": self.faults, "spared": self.spared,
            "storms": self.storms, "checked": self.figures["checked"], "looks": self.figures["looks"],
            "recovery": {"median": statistics.median(times), "most": times[-1]} if times else {},
            "zombie": self.figures["zombie"], "cpu": self.cpu, "growth": self.growth, "logs": self.figures["logs"],
            "shutdown": self.shutdown, "broken": self.broken,
        }  # fmt: skip

    def text(self):
        figures, logs = self.figures, self.figures["logs"].values()
        total = {what: sum(one[what] for one in logs) for what in ("lines", "twice", "torn", "spilt", "unknown", "bytes")}
        times = self.recovery()
        lines = [f"chaos: seed {self.seed}, {self.seconds:.0f} s, {self.storms} storms, {sum(self.faults.values())} faults", ""]
        lines += ["  faults"]
        lines += [f"    {count:6}  {name}" for name, count in sorted(self.faults.items(), key=lambda one: -one[1])]
        lines += ["", "  promises"]
        for promise, words in PROMISES.items():
            count = sum(one["promise"] == promise for one in self.broken)
            lines.append(f"    {'kept  ' if not count else f'BROKEN'}  {words}" + (f": {count} times not" if count else ""))
        lines += ["", "  figures"]
        lines += [f"    {figures['looks']} looks at every process; checked: "
                  + ", ".join(f"{what} {count}" for what, count in figures["checked"].items())]  # fmt: skip
        if times:
            lines += [f"    up or down as wanted after {statistics.median(times):.2f} s (median), "
                      f"{times[int(len(times) * 0.99)]:.2f} s (99 of 100), {times[-1]:.2f} s (most)"]  # fmt: skip
        lines += [
            f"    {total['lines']} numbered lines, {total['bytes'] / 1e6:.0f} MB: {total['twice']} came twice, {total['torn']} heads of "
            f"lines where a logger was killed, {total['spilt']} spilt with a pipe that was killed whole",
            f"    oldest zombie {figures['zombie']:.2f} s",
        ]
        for role in ("runit", "runsvdir", "runsv"):
            shares = [share for who, share in self.cpu.items() if who.split()[0] == role]
            grown = [one["kB"] for who, one in self.growth.items() if who.split()[0] == role and one["kB"] is not None]
            if shares and grown:
                lines.append(f"    {role}: CPU {max(shares):.3%} at most, {statistics.mean(shares):.3%} on average; "
                             f"memory {max(grown):+} kB at most, {statistics.median(grown):+.0f} kB median")  # fmt: skip
        lines += [f"    shut down in {self.shutdown:.1f} s: {self.ending}; the observer used {figures['own cpu']:.1f} s of CPU"]
        if self.broken:
            lines += ["", "  not kept"]
            lines += [f"    {one['promise']}: {one['name']}: {one['what']}" for one in self.broken[:40]]
        return "\n".join(lines)
