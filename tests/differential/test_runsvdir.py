"""runsvdir: runs the same story with Debian's runit and with ours."""

import os
import re
import signal
import tempfile
from pathlib import Path

import harness
import pytest
from harness import children, wait_until

# Differences that are not compared, and why.
DIFFERENCES = [
    "a warning that is said again: runit says it at every look, we say of a link once, of the directory every 5 s",
    "the ALRM of runit 2.1.2 and 2.3.1 is Debian's patch: the upstream program dies of it",
    "when: runit waits a second before the first look, and up to five for a change",
    "-W and --wait: options of ours; for runit -W is a directory, and --wait is passed over",
    "1000 services and more: runit refuses them",
    "a directory called \"\": runit's messages have a space after the program, ours have none",
    "ALRM: runit writes .forced-rescan in place, we replace it",
]


@pytest.fixture(params=["2.1.2", "2.3.1"])
def both(request):
    """The worlds of the two, with the same runsv: that of the reference."""
    theirs = harness.reference(request.param)
    if theirs is None:
        pytest.skip(f"runit {request.param} has not been unpacked")
    worlds = []
    for program in (theirs, harness.ours()):
        made = harness.World(tempfile.mkdtemp(prefix="runwell-", dir=os.environ.get("TMPDIR", "/tmp")), theirs)
        made.program = program.path("runsvdir")
        (made.directory / "sd").mkdir()
        worlds.append(made)
    yield worlds
    for made in worlds:
        made.close()


def start(world, *arguments, **options):
    options.setdefault("env", world.suite.environment())
    process = world.start(world.program, *arguments, **options)
    return process


def errors(world):
    """Every line once, without our path in it."""
    lines = world.errors("runsvdir").replace(world.program, "runsvdir").splitlines()
    return sorted(set(lines))


def commands(process):
    found = []
    for pid in children(process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if words.startswith(b"runsv\0"):
            found.append((words, os.getsid(pid) == pid, os.getpgid(pid) == pid))
    return sorted(found)


@pytest.mark.parametrize("arguments", [[], ["-P"], ["--"], ["-Pxyz"], ["--other"]])
def test_usage(both, arguments):
    results = [w.run(w.program, *arguments, env=w.suite.environment()) for w in both]
    answers = [(r.returncode, r.stdout, r.stderr.replace(w.program, "runsvdir")) for r, w in zip(results, both)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nodir"],
        ["-P", "-P"],
        ["-X", "sd"],
        ["-"],
        ["--", "-P"],
        ["-P", "--"],
        ["--other", "nodir"],
        ["file"],
        ["loop"],
        ["file/below"],
        ["n" * 256],
        ["sd", "123456"],
        ["sd", ""],
    ],
)
def test_what_is_said_of_the_directory_and_the_log(both, arguments):
    said = []
    for world in both:
        (world.directory / "file").touch()
        (world.directory / "loop").symlink_to("loop")
        process = start(world, *arguments)
        wait_until(lambda w=world: errors(w), "a warning")
        process.terminate()
        assert process.wait() == 0
        said.append(errors(world))
    assert said[0] == said[1]


@pytest.mark.parametrize("arguments", [["sd"], ["-P", "sd"], ["-Pxyz", "sd"], ["--", "sd"], ["--other", "sd"]])
def test_what_is_started(both, arguments):
    seen = []
    for world in both:
        sd = world.directory / "sd"
        for name in ("plain", ".hidden", "with space", "new\nline", "n" * 255):
            world.service(f"sd/{name}")
        world.service("sv/linked")
        (sd / "empty").mkdir()
        (sd / "linked").symlink_to("../sv/linked")
        (sd / "file").touch()
        (sd / "link-to-file").symlink_to("file")
        (sd / "dangling").symlink_to("nowhere")
        (sd / "loop").symlink_to("loop")
        (sd / "below-a-file").symlink_to("file/x")
        process = start(world, *arguments)
        wait_until(lambda p=process: len(commands(p)) == 6, "six services")
        wait_until(lambda w=world: len([line for line in errors(w) if line.startswith("runsvdir")]) >= 3, "warnings")
        seen.append((commands(process), [line for line in errors(world) if line.startswith("runsvdir")]))
    assert seen[0] == seen[1]


def test_runsv_is_not_found(both):
    said = []
    for world in both:
        world.service("sd/web")
        (world.directory / "none").mkdir()
        process = start(world, "sd", env={"PATH": str(world.directory / "none")})
        wait_until(lambda w=world: errors(w), "told")
        process.terminate()
        assert process.wait() == 0
        said.append(errors(world))
    assert said[0] == said[1] == ["runsvdir sd: fatal: unable to start runsv web: file does not exist"]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_the_end(both, sent):
    seen = []
    for world in both:
        for name in ("a", "b", "c"):
            world.service(f"sd/{name}")
        process = start(world, "sd")
        wait_until(lambda p=process: len(commands(p)) == 3, "three services")
        for name in ("a", "b", "c"):
            harness.wait_for_words(world.directory / "sd" / name, "run")
        pids = children(process.pid)
        process.send_signal(sent)
        code = process.wait()
        if sent == signal.SIGHUP:
            wait_until(lambda p=pids: not any(harness.alive(pid) for pid in p), "all end")
        seen.append((code, sum(harness.alive(pid) for pid in pids)))
    assert seen[0] == seen[1]


def test_two_names_of_one_directory(both):
    seen = []
    for world in both:
        world.service("sv/web")
        for name in ("one", "two", "three"):
            (world.directory / "sd" / name).symlink_to("../sv/web")
        world.service("sd/marker")
        process = start(world, "sd")
        wait_until(lambda p=process: len(commands(p)) == 2, "two services")
        harness.wait_for_words(world.directory / "sv/web", "run")
        seen.append(len(commands(process)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("log", ["log: " + "." * 40, "1234567", "12345678901234567890"])
@pytest.mark.parametrize("message", ["short", "line one\\nline two\\n", "0123456789" * 20, "\\377\\001"])
def test_the_log_in_the_process_title(both, log, message):
    seen = []
    for world in both:
        world.service("sd/web", run=f"#!/bin/sh\nprintf '{message}' >&2\ntouch done\nexec sleep 1000\n")
        process = start(world, "-P", "sd", log)
        wait_until((world.directory / "sd/web/done").exists, "the message was written")
        title = Path(f"/proc/{process.pid}/cmdline")
        expected = message.encode().decode("unicode_escape").encode("latin-1") if "\\3" not in message else b"\xff\x01"
        end = expected[-(len(log) - 5) :]
        wait_until(lambda t=title, e=end: t.read_bytes().endswith(e + b"\0"), "the message is shown")
        seen.append(title.read_bytes().replace(world.program.encode(), b"runsvdir"))
    assert seen[0] == seen[1]


def test_the_forced_rescan(both):
    seen = []
    for world in both:
        process = start(world, "sd")
        world.service("sd/web")
        wait_until(lambda p=process: commands(p), "the first look")
        process.send_signal(signal.SIGALRM)
        label = world.directory / "sd/.forced-rescan"
        wait_until(lambda l=label: l.exists() and l.stat().st_size, "the label")
        text = label.read_text()
        seen.append((re.sub("[0-9a-f]", "0", text), harness.mode_of(label), sorted(os.listdir(world.directory / "sd"))))
    assert seen[0] == seen[1]
