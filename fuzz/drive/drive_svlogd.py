#!/usr/bin/python3
"""Tells random stories to a real svlogd under a real runsv: a service writes numbered lines in every way that Linux
offers, while svlogd is killed, stopped, and told to rotate, to read its config again, or to leave.

    seed ──▶ a plan of writes ──▶ ./run ──▶ pipe ──▶ svlogd ──▶ files: every line is there, whole, in order
      └────▶ signals ────────────────────────────────▲                  twice only after a kill -9

A story depends on its seed alone; what the machine makes of it does not. A writer that is not done, or a line that has
not arrived, after a long time is a hang.

    drive_svlogd.py PROGRAMS [--seconds N] [--seed S] [--stories N] [--kinds WORD...] [--no-kill]
"""

import argparse
import array
import ctypes
import fcntl
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

F_SETPIPE_SZ = 1031
PATIENCE = 60  # seconds without an end: a hang
LIBC = ctypes.CDLL(None, use_errno=True)


def line(who, i):
    """A line that says what it must be."""
    return b"%d %07d %s\n" % (who, i, b"abcdefghij"[i % 10 : i % 10 + 1] * ((i * 131 + who * 7) % 211))


LINE = re.compile(rb"(\d) (\d{7}) ([a-j]*)\n")

# ---- the writer: ./run of the service --------------------------------------------------------------------------------


def ready(fd):
    select.select([], [fd], [])


def put(view):
    while view:
        try:
            view = view[os.write(1, view) :]
        except BlockingIOError:
            ready(1)


def put_vector(view):
    while view:
        pieces = [view[a : a + 1013] for a in range(0, min(len(view), 900_000), 1013)]
        try:
            view = view[os.writev(1, pieces) :]
        except BlockingIOError:
            ready(1)


def put_spliced(view):
    with tempfile.TemporaryFile() as file:
        file.write(view)
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        while (got := LIBC.splice(file.fileno(), None, 1, None, 1 << 20, 0)) != 0:
            if got < 0:
                ready(1)


def put_file(view):
    with tempfile.TemporaryFile() as file:
        file.write(view)
        file.flush()
        at = 0
        while at < len(view):
            try:
                at += os.sendfile(1, file.fileno(), at, len(view) - at)
            except BlockingIOError:
                ready(1)


def put_by_child(view):
    pid = os.fork()
    if pid == 0:
        put(view)
        os._exit(0)
    os.waitpid(pid, 0)


HOW = {"write": put, "writev": put_vector, "splice": put_spliced, "sendfile": put_file, "child": put_by_child}


def set_flag(flag, on):
    flags = fcntl.fcntl(1, fcntl.F_GETFL)
    fcntl.fcntl(1, fcntl.F_SETFL, flags | flag if on else flags & ~flag)


def write_plan(plan):
    """Does what the plan says; many writers write whole lines at the same time, one writes any pieces."""
    for who in range(1, plan["writers"]):
        if os.fork() == 0:
            for i in range(plan["lines"]):
                put(memoryview(line(who, i)))
            os._exit(0)
    whole = plan["writers"] > 1
    data = memoryview(b"".join(line(0, i) for i in range(plan["lines"])))
    at = 0
    for step in plan["steps"]:
        if "resize" in step:
            try:
                fcntl.fcntl(1, F_SETPIPE_SZ, step["resize"])
            except OSError:
                pass
        elif "nonblock" in step:
            set_flag(os.O_NONBLOCK, step["nonblock"])
        elif "packets" in step:
            set_flag(os.O_DIRECT, step["packets"])
        elif "pause" in step:
            time.sleep(step["pause"])
        elif not whole:
            HOW[step["how"]](data[at : at + step["size"]])
            at += step["size"]
    if whole:
        for i in range(plan["lines"]):
            put(memoryview(line(0, i)))
    else:
        put(data[at:])
    set_flag(os.O_NONBLOCK, False)
    for _ in range(1, plan["writers"]):
        os.wait()


# ---- the story -------------------------------------------------------------------------------------------------------


def make_plan(rng, kinds):
    writers = rng.choice([1, 1, 1, 1, 3])
    steps = []
    for _ in range(rng.randrange(1, 40)):
        kind = rng.choice(["put"] * 8 + ["pause"] * 4 + ["resize", "nonblock", "packets"])
        if kind == "put":
            size = int(2 ** rng.uniform(0, rng.choice([4, 12, 17, 22])))
            steps.append({"how": rng.choice(kinds), "size": size})
        elif kind == "pause":
            steps.append({"pause": rng.choice([0.001, 0.01, 0.05, 0.2])})
        elif kind == "resize":
            steps.append({"resize": 4096 << rng.randrange(9)})
        elif kind == "nonblock":
            steps.append({"nonblock": writers == 1 and rng.random() < 0.7})
        else:
            steps.append({"packets": rng.random() < 0.7})
    total = sum(s.get("size", 0) for s in steps) if writers == 1 else 300_000
    return {"writers": writers, "steps": steps, "lines": max(10, min(40_000, total // 115)), "options": options(rng)}


def options(rng):
    # No -l below the longest line: rotation cuts longer ones (svlogd(8), s).
    said = rng.choice([[], [], ["-t"], ["-b", "4096"], ["-l", "250", "-b", "300"], ["-l", "5000", "-b", "9000"]])
    return said


SIGNALS = ["HUP", "ALRM", "TERM", "KILL", "STOP"]


def make_signals(rng, kills):
    names = SIGNALS if kills else [s for s in SIGNALS if s != "KILL"]
    return [(rng.choice(names), rng.choice([0.0, 0.002, 0.01, 0.05, 0.3])) for _ in range(rng.randrange(0, 12))]


def pid_in(path):
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0


def send(pid, name):
    try:
        os.kill(pid, getattr(signal, f"SIG{name}"))
    except ProcessLookupError:
        pass


def files_of(log):
    return sorted(log.glob("@*.[su]")) + [p for p in [log / "current"] if p.exists()]


class Trouble(Exception):
    pass


class Count:
    def __init__(self):
        self.stories = self.lines = self.kills = self.terms = self.doubled = self.broken_off = 0


def judge(plan, log, killed, count, stamped):
    """Every line is whole and in order; a line that appears twice was in a block when svlogd was killed."""
    expected = [0] * plan["writers"]
    for path in files_of(log):
        for text in path.read_bytes().splitlines(keepends=True):
            body = text.split(b" ", 1)[1] if stamped and b" " in text else text
            got = LINE.fullmatch(body)
            if got is None or body != line(int(got[1]), int(got[2])):
                if killed and not text.endswith(b"\n") and path.name != "current":
                    count.broken_off += 1  # the block that was written in part comes again, whole
                    continue
                raise Trouble(f"torn line in {path.name}: {text[:60]!r}")
            who, i = int(got[1]), int(got[2])
            if i > expected[who]:
                raise Trouble(f"lost: lines {expected[who]} to {i} of writer {who}, before {path.name}")
            if i < expected[who]:
                count.doubled += 1
                if not killed:
                    raise Trouble(f"doubled: line {i} of writer {who}")
                continue
            expected[who] += 1
    if any(n != plan["lines"] for n in expected):
        raise Trouble(f"lost at the end: {expected} of {plan['lines']}")
    count.lines += sum(expected)


def tell(seed, programs, kinds, kills, count):
    rng = random.Random(seed)
    plan = make_plan(rng, kinds)
    told = make_signals(rng, kills)
    root = Path(tempfile.mkdtemp(prefix="drive-svlogd-"))
    log, service = root / "main", root / "s"
    log.mkdir()
    (log / "config").write_text(rng.choice(["s16777215\nn0\n", "s100000\nn0\n", "s16777215\nn0\n+*\n"]))
    (service / "log").mkdir(parents=True)
    (root / "plan").write_text(json.dumps(plan))
    done = root / "done"
    run = f"#!/bin/sh\n{sys.executable} {Path(__file__).resolve()} --write {root}/plan && >{done}\nexec sleep 1000\n"
    logger = f"#!/bin/sh\nexec {programs}/svlogd {' '.join(plan['options'])} {log} 2>>{root}/svlogd.err\n"
    for path, text in [(service / "run", run), (service / "log/run", logger)]:
        path.write_text(text)
        path.chmod(0o755)
    with open(root / "runsv.err", "wb") as err:
        runsv = subprocess.Popen([f"{programs}/runsv", str(service)], stderr=err, stdout=err)
    killed = False
    stopped = False
    try:
        end = time.monotonic() + PATIENCE
        for name, wait in told:
            pid = pid_in(service / "log/supervise/pid")
            time.sleep(wait)
            if pid == 0 or not (log / "lock").exists():
                continue
            send(pid, name)
            if name == "STOP":
                time.sleep(0.02)
                send(pid, "CONT")
            killed |= name == "KILL"
            count.kills += name == "KILL"
            count.terms += name == "TERM"
        while not done.exists():
            if time.monotonic() > end:
                raise Trouble("hang: the writer is not done")
            time.sleep(0.01)
        runsv.send_signal(signal.SIGTERM)
        try:
            runsv.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Trouble("hang: runsv does not leave") from None
        stopped = True
        judge(plan, log, killed, count, "-t" in plan["options"])
        count.stories += 1
    except Trouble as found:
        where = Path(tempfile.gettempdir()) / f"drive-svlogd-seed-{seed}"
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(root, where, ignore=lambda _, names: [n for n in names if n in ("control", "ok")])
        raise Trouble(f"seed {seed}: {found}; see {where}") from None
    finally:
        if not stopped:
            for path in [service / "supervise/pid", service / "log/supervise/pid"]:
                if (pid := pid_in(path)) > 0:
                    send(pid, "KILL")
            runsv.kill()
            runsv.wait()
        shutil.rmtree(root, ignore_errors=True)


def main():
    if sys.argv[1:2] == ["--write"]:
        write_plan(json.loads(Path(sys.argv[2]).read_text()))
        return 0
    read = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    read.add_argument("programs", type=Path)
    read.add_argument("--seconds", type=float)
    read.add_argument("--seed", type=int)
    read.add_argument("--stories", type=int)
    read.add_argument("--kinds", nargs="+", choices=list(HOW), default=list(HOW))
    read.add_argument("--no-kill", action="store_true")
    said = read.parse_args()
    seed = said.seed if said.seed is not None else random.randrange(1 << 32)
    most = said.stories or (1 if said.seed is not None and said.seconds is None else 1 << 40)
    end = time.monotonic() + (said.seconds or 1e9)
    count, failed = Count(), 0
    while most > 0 and time.monotonic() < end:
        try:
            tell(seed, said.programs.resolve(), said.kinds, not said.no_kill, count)
        except Trouble as found:
            print(found, flush=True)
            failed += 1
        seed, most = seed + 1, most - 1
    print(f"{count.stories} stories, {count.lines} lines, {count.kills} kills, {count.terms} TERMs, {count.doubled} "
          f"doubled, {count.broken_off} broken off by a kill and whole again; {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
