#!/usr/bin/python3
"""svlogd against Debian's runit 2.1.2 in the same run: python3 bench/svlogd.py [--rounds N] [--mb N] [ROW...]

Runs are interleaved, figures are medians; what counts is the last column but one, ours divided by runit's. CPU is user
and system time of the logger alone. Logs are in /dev/shm, so that no disk is measured.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = {
    "runit": ROOT / "build/reference/2.1.2/usr/bin/svlogd",
    "ours": Path(os.environ.get("RUNWELL_BIN", ROOT / "build/bin")).resolve() / "svlogd",
}
PATTERNS = ["-*", "+*GET*", "-*bot*", "+*: 5*", "-*/health*", "+*POST*", "-*.css*", "-*.png*", "+*/api/*", "-*favicon*"]


def nginx_mix(size):
    """Access log lines, some long, some short, as a web server writes them."""
    rng = random.Random(1)
    paths = ["/", "/index.html", "/api/v1/items/%d" , "/static/app.%d.css", "/img/%d.png", "/search?q=%d&page=2"]
    agents = ["curl/7.88", "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0", "bot/2.1"]
    out, total = [], 0
    while total < min(size, 4 << 20):
        path = rng.choice(paths)
        line = '10.%d.%d.%d - - [22/Nov/2026:11:11:41 +0000] "%s %s HTTP/1.1" %d %d "-" "%s"\n' % (
            rng.randrange(256), rng.randrange(256), rng.randrange(256), rng.choice(["GET", "GET", "GET", "POST"]),
            path % rng.randrange(9999) if "%" in path else path, rng.choice([200, 200, 304, 404, 500]),
            rng.randrange(90000), rng.choice(agents))
        out.append(line.encode())
        total += len(out[-1])
    chunk = b"".join(out)
    return chunk * max(1, size // len(chunk))


def short_lines(size):
    chunk = b"".join(b"%07d a line of forty bytes, no more\n" % i for i in range(100_000))
    return chunk * max(1, size // len(chunk))


class Bench:
    def __init__(self, rounds, megabytes):
        self.rounds = rounds
        self.dir = Path(tempfile.mkdtemp(prefix="bench-svlogd-", dir="/dev/shm"))
        self.inputs = {}
        for name, make in (("mix", nginx_mix), ("short", short_lines)):
            path = self.dir / name
            path.write_bytes(make(megabytes << 20))
            self.inputs[name] = path

    def close(self):
        shutil.rmtree(self.dir)

    def fresh(self, config=""):
        d = Path(tempfile.mkdtemp(dir=self.dir))
        if config:
            (d / "config").write_text(config)
        return d

    def pipe_through(self, command, stdin_file, **options):
        """Feeds a file through a pipe into the command; (CPU seconds, wall seconds) of the command."""
        begin = time.perf_counter()
        cat = subprocess.Popen(["cat", stdin_file], stdout=subprocess.PIPE)
        child = subprocess.Popen(command, stdin=cat.stdout, **options)
        cat.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = status
        cat.wait()
        assert status == 0, command
        return usage.ru_utime + usage.ru_stime, wall

    def interleave(self, measure, who=("runit", "ours")):
        found = {name: [] for name in who}
        for _ in range(self.rounds):
            for name in who:
                found[name].append(measure(name))
        return {name: statistics.median(values) for name, values in found.items()}

    def cpu(self, source, *options, config=""):
        gigabytes = self.inputs[source].stat().st_size / 1e9

        def measure(name):
            d = self.fresh(config)
            used, _ = self.pipe_through([PROGRAMS[name], *options, d], self.inputs[source])
            shutil.rmtree(d)
            return used / gigabytes

        return self.interleave(measure)

    def throughput(self):
        megabytes = self.inputs["mix"].stat().st_size / 1e6

        def measure(name):
            d = self.fresh("s1000000\nn10\n")
            if name == "cat":
                with open(d / "out", "wb") as out:
                    _, wall = self.pipe_through(["cat"], self.inputs["mix"], stdout=out)
            else:
                _, wall = self.pipe_through([PROGRAMS[name], d], self.inputs["mix"])
            shutil.rmtree(d)
            return megabytes / wall

        return self.interleave(measure, ("runit", "ours", "cat"))

    def start(self, name, directory):
        child = subprocess.Popen([PROGRAMS[name], directory], stdin=subprocess.PIPE, bufsize=0)
        current = directory / "current"
        while not current.exists():
            time.sleep(0.002)
        return child

    def latency(self, lines=400):
        def measure(name):
            d = self.fresh()
            child = self.start(name, d)
            fd, current, times, size = child.stdin.fileno(), os.open(d / "current", os.O_RDONLY), [], 0
            for i in range(lines):
                line = b"line %06d\n" % i
                size += len(line)
                time.sleep(0.002)
                begin = time.perf_counter()
                os.write(fd, line)
                while os.fstat(current).st_size < size:
                    pass
                times.append(time.perf_counter() - begin)
            os.close(current)
            child.stdin.close()
            child.wait()
            shutil.rmtree(d)
            return statistics.median(times) * 1e6

        return self.interleave(measure)

    def many(self, loggers=100, seconds=3):
        def measure(name):
            dirs = [self.fresh() for _ in range(loggers)]
            children = [self.start(name, d) for d in dirs]
            time.sleep(0.2)
            before, lines, begin = sum(on_cpu(c.pid) for c in children), 0, time.perf_counter()
            while time.perf_counter() - begin < seconds:
                due = begin + lines / loggers * 0.01
                time.sleep(max(0.0, due - time.perf_counter()))
                for c in children:
                    os.write(c.stdin.fileno(), b"one line of a quiet service, %d\n" % lines)
                lines += loggers
            time.sleep(0.2)
            used = sum(on_cpu(c.pid) for c in children) - before
            for c in children:
                c.stdin.close()
                c.wait()
            for d in dirs:
                shutil.rmtree(d)
            return used / lines / 1000

        return self.interleave(measure)

    def memory(self, loggers=20):
        def measure(name):
            dirs = [self.fresh() for _ in range(loggers)]
            children = [self.start(name, d) for d in dirs]
            for c in children:
                os.write(c.stdin.fileno(), b"a line\n")
            time.sleep(0.2)
            kilobytes = statistics.mean(private_kilobytes(c.pid) for c in children)
            for c in children:
                c.stdin.close()
                c.wait()
            for d in dirs:
                shutil.rmtree(d)
            return kilobytes

        return self.interleave(measure)


def on_cpu(pid):
    """Nanoseconds on a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def private_kilobytes(pid):
    """Private memory and page tables."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(("Private_Dirty:", "Private_Clean:")):
            total += int(line.split()[1])
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmPTE:"):
            total += int(line.split()[1])
    return total


ROWS = {
    "mix": ("nginx-like mix, default options, CPU", "s/GB", 0.10, lambda b: b.cpu("mix")),
    "short": ("40-byte lines, CPU", "s/GB", 0.08, lambda b: b.cpu("short")),
    "stamps": ("-tt, mix, CPU", "s/GB", 0.12, lambda b: b.cpu("mix", "-tt")),
    "patterns": ("10 patterns, mix, CPU", "s/GB", 0.15, lambda b: b.cpu("mix", config="\n".join(PATTERNS) + "\n")),
    "throughput": ("throughput, mix, s1000000 n10", "MB/s", 8.0, lambda b: b.throughput()),
    "latency": ("one line into an idle logger, p50", "µs", 0.80, lambda b: b.latency()),
    "many": ("100 loggers, a line per 10 ms, CPU per line", "µs", 0.65, lambda b: b.many()),
    "memory": ("memory of an idle logger, private + page tables", "kB", 0.45, lambda b: b.memory()),
}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--mb", type=int, default=64)
    options.add_argument("rows", nargs="*", help=" ".join(ROWS))
    said = options.parse_args()
    bench = Bench(said.rounds, said.mb)
    good = True
    print(f"{'what':50} {'unit':5} {'runit':>9} {'ours':>9} {'ratio':>7}  target")
    try:
        for key in said.rows or ROWS:
            what, unit, target, run = ROWS[key]
            found = run(bench)
            ratio = found["ours"] / found["runit"]
            fits = ratio >= target if key == "throughput" else ratio <= target
            sign = "≥" if key == "throughput" else "≤"
            extra = ""
            if "cat" in found:
                share = found["ours"] / found["cat"]
                fits = fits and share >= 0.5
                extra = f"; {share:.2f} of cat >file ({found['cat']:.0f}), ≥ 0.5"
            good = good and fits
            print(f"{what:50} {unit:5} {found['runit']:9.2f} {found['ours']:9.2f} {ratio:7.3f}  {sign} {target}{extra}"
                  f"{'' if fits else '   MISSED'}", flush=True)
    finally:
        bench.close()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
