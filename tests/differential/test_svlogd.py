"""svlogd beside Debian's runit 2.1.2 and 2.3.1: the same input, the same files.

What differs on purpose is in DIFFERENCES, with the reason; everything else must be equal to the byte.
"""

import os
import random
import re
import subprocess

import pytest

from harness import ours, reference

VERSIONS = [v for v in ("2.1.2", "2.3.1") if reference(v)]

DIFFERENCES = {
    "a last line without a newline": "runit drops it, unless it is as long as -l; ours keeps it and ends it",
    "s up to l": "runit cuts every line at s; ours rotates before the line that would not fit",
    "n was reduced": "runit deletes one file per rotation, ours prunes down to n",
    "+x where the line has ended": "runit compares what an earlier line has left in its buffer; ours does not match",
    "a bad U": "runit logs nothing any more; ours goes on logging to the directory",
    "a processor killed by a signal": "runit takes its exit code, 0, for success; ours tries again",
    "stamps": "runit reads the clock for every line, ours for every block",
}

pytestmark = pytest.mark.skipif(not VERSIONS, reason="Debian's runit is not unpacked below build/reference")


def logged(suite, directory, data, config, options, chunks=None):
    """What svlogd makes of the data: its files in order, its standard error, its exit code."""
    d = directory
    d.mkdir()
    (d / "config").write_bytes(config)
    process = subprocess.Popen(["svlogd", *options, "log"], executable=suite.path("svlogd"), cwd=directory.parent,
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, pass_fds=())
    for chunk in chunks or [data]:
        view = memoryview(chunk)
        while view:
            view = view[os.write(process.stdin.fileno(), view[:4096]) :]
    _, err = process.communicate(timeout=120)
    files = [p.read_bytes() for p in [*sorted(d.glob("@*")), d / "current"]]
    return files, re.sub(rb"@[0-9a-f]{24}", b"@", err), process.returncode


def both(tmp_path, version, data, config=b"", options=(), chunks=None):
    results = []
    for name, suite in (("runit", reference(version)), ("ours", ours())):
        place = tmp_path / name
        place.mkdir(exist_ok=True)
        results.append(logged(suite, place / "log", data, config, options, chunks))
        for p in [*(place / "log").iterdir()]:
            p.unlink()
        (place / "log").rmdir()
    return results


def lines(rng, count, longest):
    return [
        bytes(rng.choice(b"ab:+* \t\x00\x7f\xff") for _ in range(rng.choice([0, 1, 5, 40, longest]))) + b"\n"
        for _ in range(count)
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "config, options",
    [
        (b"", []),
        (b"s2000\n", []),
        (b"s2000\nn0\n", []),
        (b"s5000\nn0\n", ["-l", "100"]),
        (b"s1k\nn3\n", ["-l", "300", "-b", "301"]),
        (b"s101\nn0\n", ["-l", "100"]),
        (b"s300\nn0\npprefix: \n", ["-l", "20", "-b4096"]),
        (b"-*\n+a*\n+*b\n-*:*\n", []),
        (b"e*a*\nE*b\n", ["-l", "30"]),
        (b"s2000\nn0\n-a*\ne*:*\n", ["-r", "_", "-l", "50"]),
        (b"pX\ne*\n", ["-R", "a:", "-l", "10"]),
        (b"# comment\n\nz\ns3000x\nn5", ["-v"]),
        (b"s", []),
        (b"+", []),
    ],
)
def test_the_same_files(tmp_path, version, config, options):
    rng = random.Random(repr((config, options)))
    data = b"".join(lines(rng, 300, 1500))
    theirs, mine = both(tmp_path, version, data, config, options)
    assert mine == theirs


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_files_of_a_line_at_a_time(tmp_path, version):
    rng = random.Random(2)
    chunks = lines(rng, 200, 900)
    theirs, mine = both(tmp_path, version, None, b"s2500\nn0\n", [], chunks)
    assert mine == theirs


@pytest.mark.parametrize("version", VERSIONS)
def test_random_configs_and_inputs(tmp_path, version):
    rng = random.Random(21)
    for _ in range(40):
        longest = rng.choice([5, 60, 1000])
        config = b"s%d\nn%d\n" % (longest + 1 + rng.randrange(4000), rng.choice([0, 2, 100]))
        for _ in range(rng.randrange(5)):
            # Without a plus: see DIFFERENCES.
            config += rng.choice([b"+", b"-", b"e", b"E"]) + bytes(rng.choice(b"ab:* ") for _ in range(rng.randrange(5))) + b"\n"
        options = ["-l", str(longest), "-b", str(longest + 1 + rng.randrange(3000))]
        if rng.random() < 0.3:
            options += ["-r", rng.choice("_x")]
        if rng.random() < 0.3:
            options += ["-R", "ab"]
        data = b"".join(lines(rng, rng.randrange(200), longest * 2))
        theirs, mine = both(tmp_path, version, data, config, options)
        assert mine == theirs, (config, options)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("option", ["-t", "-tt", "-ttt"])
def test_the_same_but_for_the_time(tmp_path, version, option):
    data = b"".join(lines(random.Random(3), 100, 1500))
    theirs, mine = both(tmp_path, version, data, b"s4000\nn0\npP:\n", [option])

    def timeless(result):
        return [re.sub(rb"(?m)^(@[0-9a-f]{24}|\d{4}-\d\d-\d\d[_T]\d\d:\d\d:\d\d\.\d{5}) ", b"STAMP ", f) for f in result[0]]

    assert timeless(mine) == timeless(theirs)
    assert [len(f) for f in mine[0]] == [len(f) for f in theirs[0]]


@pytest.mark.parametrize("version", VERSIONS)
def test_patterns(tmp_path, version):
    """Every short pattern against every short line; lines in this order leave nothing in runit's buffer that matters."""
    rng = random.Random(6)
    patterns = ["".join(rng.choice("ab*+") for _ in range(rng.randrange(1, 7))) for _ in range(60)]
    everything = ["".join(rng.choice("ab*+") for _ in range(rng.randrange(1, 7))) + "." for _ in range(120)]
    for pattern in patterns:
        data = "".join(line + "\n" for line in everything).encode()
        theirs, mine = both(tmp_path, version, data, f"-*\n+{pattern}\n+{pattern}.\n".encode())
        assert mine == theirs, pattern


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("arguments", [[], ["-l", "1024", "d"], ["-b", "1000", "d"], ["-r", "", "d"], ["-z"], ["-l"], ["nothere"]])
def test_the_same_words(tmp_path, version, arguments):
    said = [
        subprocess.run(["svlogd", *arguments], executable=suite.path("svlogd"), cwd=tmp_path, stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=60)
        for suite in (reference(version), ours())
    ]
    assert (said[1].returncode, said[1].stderr) == (said[0].returncode, said[0].stderr)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "name, data, config",
    [
        ("a last line without a newline", b"a\nbar", b""),
        ("s up to l", b"x" * 300 + b"\n" + b"y" * 300 + b"\n", b"s500\n"),
        ("a bad U", b"a\n", b"U1.2.3\n"),
    ],
)
def test_the_differences_are_there(tmp_path, version, name, data, config):
    assert name in DIFFERENCES
    theirs, mine = both(tmp_path, version, data, config)
    assert mine[0] != theirs[0]
