"""Kills one svlogd after the other on the same pipe and directory, and counts lost, doubled and torn lines.

    python3 tests/system/svlogd_chaos.py SVLOGD DIRECTORY --kills N [--how kill,term,full,full-term] [--seed N] [--options=-tt]

The writer numbers its lines; what a line looks like follows from its number, and one in ten is longer than -l, a few are
longer than the largest block. `full` and `full-term` fill the file system of DIRECTORY (which should be small), end svlogd while it cannot write, and
free it again. Prints
one line of JSON: lines, lost (never whole in the log), torn (in the log and not a line), doubled, disordered.
"""

import argparse
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

STAMP = re.compile(rb"(@[0-9a-f]{24}|\d{4}-\d\d-\d\d[T_]\d\d:\d\d:\d\d\.\d{5}) ")


# What lines are made of does not repeat itself: svlogd knows a block of its pipe by its bytes.
TEXT = bytes(random.Random(1).choices(range(97, 123), k=1_000_000))


def line(n):
    sizes = random.Random(n)
    kind = sizes.randrange(1000)
    size = 400_000 if kind == 0 else sizes.randrange(1000, 6000) if kind < 100 else sizes.randrange(120)
    begin = sizes.randrange(len(TEXT) - size)
    return b"%09d " % n + TEXT[begin : begin + size]


def write(stop_at):
    """The writer: whole pieces of the stream, which begin and end anywhere."""
    cuts, pending = random.Random(5), b""
    for n in range(stop_at):
        pending += line(n) + b"\n"
        if len(pending) > cuts.randrange(1, 40_000):
            cut = cuts.randrange(1, len(pending) + 1)
            os.write(1, pending[:cut])
            pending = pending[cut:]
    os.write(1, pending)


def read_log(directory):
    """The files in the order in which they were written."""
    return b"".join(p.read_bytes() for p in [*sorted(Path(directory).glob("@*.[su]")), Path(directory) / "current"])


def count(log, stamped):
    seen, torn, doubled, disordered, last = set(), [], 0, 0, -1
    texts = log.split(b"\n")[:-1]
    for at, text in enumerate(texts):
        stamp = STAMP.match(text)
        bare = text[stamp.end() :] if stamped and stamp else text
        number = re.match(rb"\d{9} ", bare)
        if bool(stamp) != stamped or not number or bare != line(int(number[0])):
            begun = line(int(number[0])).startswith(bare) if number else re.fullmatch(rb"\d{0,9} ?", bare)
            if at == len(texts) - 1 and begun:
                continue  # the writer was killed
            torn.append(text[:60].decode(errors="replace") + f" ({len(text)} bytes)")
            continue
        n = int(number[0])
        doubled += n in seen
        disordered += n > last + 1 and n not in seen and n - 1 not in seen
        seen.add(n)
        last = n
    lost = sorted(set(range(max(seen, default=-1) + 1)) - seen)
    return {"lines": len(seen), "lost": len(lost), "torn": len(torn), "doubled": doubled, "disordered": disordered,
            "unended": int(bool(log) and not log.endswith(b"\n")), "examples": torn[:5], "gone": lost[:5]}


class Disk:
    """Fills the file system to the last byte, and frees it."""

    def __init__(self, directory):
        self.filler = Path(directory) / "filler"

    def fill(self):
        with open(self.filler, "ab", buffering=0) as filler:
            for size in (1 << 20, 1 << 16, 4096, 1):
                try:
                    while filler.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def free(self):
        self.filler.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("svlogd")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--how", default="kill")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--pause", type=float, default=0.02, help="the longest life of a svlogd, seconds")
    parser.add_argument("--options", default="", type=str.split, help="of svlogd: --options=-tt")
    said = parser.parse_args()

    rng, disk = random.Random(said.seed), Disk(said.directory)
    r, w = os.pipe()
    writer = subprocess.Popen([sys.executable, __file__, "--write", str(said.kills * 400)], stdout=w)
    os.close(w)
    select.select([r], [], [])  # it has begun
    command = [said.svlogd, *said.options, str(said.directory)]
    errors = open(said.directory.parent / "svlogd-errors", "ab")
    done = dict.fromkeys(said.how.split(","), 0)
    while sum(done.values()) < said.kills and writer.poll() is None:
        how = rng.choice(said.how.split(","))
        logger = subprocess.Popen(command, stdin=r, stderr=errors)
        time.sleep(rng.random() * said.pause)
        if how.startswith("full"):
            disk.fill()
            time.sleep(rng.random() * said.pause)
        logger.send_signal(signal.SIGTERM if how.endswith("term") else signal.SIGKILL)
        logger.wait(timeout=60)
        if rng.random() < 0.7:
            disk.free()
        done[how] += 1
    disk.free()
    writer.kill()
    writer.wait()
    last = subprocess.Popen(command, stdin=r, stderr=errors)
    os.close(r)
    assert last.wait(timeout=60) == 0
    print(json.dumps({"done": done, **count(read_log(said.directory), any(o.startswith("-t") for o in said.options))}))


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(int(sys.argv[2]))
    else:
        main()
