"""chpst and its six names: runs the same command with Debian's runit and with ours, and compares everything observable."""

import json
import os
import shutil

import harness
import pytest

VERSIONS = ["2.1.2", "2.3.1"]
NAMES = ["envdir", "envuidgid", "pgrphack", "setlock", "setuidgid", "softlimit"]

# What a program finds itself in, as JSON. Started by its path, so that no search path matters.
PROBE = """#!/usr/bin/python3 -ISB
import json, os, resource, sys
limits = {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_")}
status = dict(l[:-1].split(":\\t", 1) for l in open("/proc/self/status") if ":\\t" in l)
fds = []
for fd in range(20):
    try: os.fstat(fd)
    except OSError: continue
    fds.append(fd)
says = dict(
    arguments=sys.argv[1:], environment=sorted(f"{k}={v}" for k, v in os.environ.items()), cwd=os.getcwd(),
    ids=[os.getresuid(), os.getresgid(), sorted(os.getgroups())], limits=limits, nice=os.nice(0), fds=fds,
    session=os.getsid(0) == os.getpid(), umask=status["Umask"], signals=[status[s] for s in ("SigBlk", "SigIgn")],
)
os.write(int(os.environ.get("PROBE_FD", 1)), json.dumps(says, sort_keys=True).encode())
"""

# Every line is a command; ARGV0 is the name it is called by. {p} is the probe.
COMMANDS = """
chpst
chpst -v
chpst -x true
chpst -vx
chpst -:
chpst -b
chpst -u
chpst -b foo
chpst -- /bin/echo -n x
chpst - true
chpst nosuch
chpst ./file
chpst ./garbage
chpst /tmp
chpst ''
chpst nosuch/x
chpst file/x
chpst -b foo nosuch
chpst -b foo {p}
chpst -b foo /bin/sh -c 'echo $0'
chpst -bfoo /bin/sh -c 'echo $0'
chpst {p} a '' 'b c'
chpst -vP {p}
chpst -P {p}
chpst -u nobody {p}
chpst -unobody {p}
chpst -u nobody -u daemon {p}
chpst -u nobody:daemon {p}
chpst -u nobody:daemon:sys:daemon {p}
chpst -u nosuch {p}
chpst -u '' {p}
chpst -u 65534 {p}
chpst -u nobody:nosuch {p}
chpst -u nobody: {p}
chpst -u nobody::nogroup {p}
chpst -u nobody:nogroup: {p}
chpst -u nobody:1 {p}
chpst -u : {p}
chpst -u :1 {p}
chpst -u :1:2x {p}
chpst -u :x:2 {p}
chpst -u :-1:5 {p}
chpst -u ':1 :5' {p}
chpst -u :1:2 {p}
chpst -u :1:2:3:4 {p}
chpst -u :1:4294967295 {p}
chpst -u :5: {p}
chpst -u :5:6: {p}
chpst -u :: {p}
chpst -u ::5 {p}
chpst -u :5::6 {p}
chpst -u :4294967297:5 {p}
chpst -u :4294967295:5 {p}
chpst -U nobody {p}
chpst -U nobody:daemon {p}
chpst -U :1:2:3 {p}
chpst -U :1 {p}
chpst -U nosuch {p}
chpst -U :1: {p}
chpst -U nobody -e vars {p}
chpst -e vars {p}
chpst -e strange {p}
chpst -e equals {p}
chpst -e dots {p}
chpst -e big {p}
chpst -e bigtail {p}
chpst -e toobig {p}
chpst -e sub {p}
chpst -v -e sub {p}
chpst -e fifo {p}
chpst -e dangling {p}
chpst -e empty {p}
chpst -e nodir {p}
chpst -e file {p}
chpst -e '' {p}
chpst -e loop {p}
chpst -e vars -e dots {p}
chpst -e path here
chpst -/ nodir {p}
chpst -/ file {p}
chpst -/ . {p}
chpst -/ sub -u nobody true
chpst -n 5 {p}
chpst -n +5 {p}
chpst -n -5 {p}
chpst -n 100 {p}
chpst -n -100 {p}
chpst -n + {p}
chpst -n - {p}
chpst -n '' {p}
chpst -n abc {p}
chpst -n -abc {p}
chpst -n -- {p}
chpst -n +-5 {p}
chpst -n 5 -n 6 {p}
chpst -m abc true
chpst -m 1x true
chpst -o = true
chpst -o 64 {p}
chpst -o64 {p}
chpst -o 99999999999999999999 {p}
chpst -o 18446744073709551615 {p}
chpst -o 9223372036854775808 {p}
chpst -o 18446744073709551617 {p}
chpst -m 900000000 {p}
chpst -m 900000000 -d 800000000 {p}
chpst -d 800000000 -m 900000000 {p}
chpst -d 900000000 -p 4000 -f 70000 -c 5 -r 6 -t 99 {p}
chpst -c '' {p}
chpst -c 0 -c 7 {p}
chpst -l lk {p}
chpst -L lk {p}
chpst -L held {p}
chpst -l nodir/lk {p}
chpst -l sub {p}
chpst -l lk -L lk {p}
chpst -l lk -l lk {p}
chpst -L lk -l lk {p}
chpst -0 {p}
chpst -0 -0 {p}
PROBE_FD=2 chpst -1 {p}
chpst -2 {p}
chpst -02 {p}
chpst -2 nosuch
chpst -0vPn3 {p}
setuidgid
setuidgid nobody
setuidgid nobody {p}
setuidgid -x
setuidgid nosuch {p}
setuidgid nobody:daemon {p}
setuidgid :1:2 {p}
setuidgid '' {p}
setuidgid nobody nosuch
dsetuidgid nobody {p}
ddsetuidgid
./x/setuidgid
envuidgid
envuidgid nobody
envuidgid nobody {p}
envuidgid nosuch {p}
envuidgid nobody:daemon {p}
denvuidgid nobody {p}
envdir
envdir vars
envdir -x
envdir vars {p}
envdir sub {p}
envdir nodir {p}
denvdir vars {p}
pgrphack
pgrphack {p}
pgrphack -x
dpgrphack {p}
setlock
setlock lk
setlock -x
setlock -q lk true
setlock lk {p}
setlock -- lk {p}
setlock --foo lk {p}
setlock held {p}
setlock -N held {p}
setlock -nN held {p}
setlock -x held {p}
setlock -n lk {p}
setlock -nX nodir/lk {p}
setlock -x nodir/lk {p}
setlock -xX nodir/lk {p}
setlock lk nosuch
setlock -x lk nosuch
dsetlock lk {p}
softlimit
softlimit -x
softlimit -o
softlimit {p}
softlimit -o 64 {p}
softlimit -o = {p}
softlimit -o abc {p}
softlimit -c 5 -t 70 -s 900000 -r 7 -p 4000 -l 8000 -f 70000 -d 900000000 -a 900000000 {p}
softlimit -s = -t = {p}
softlimit -m 900000000 {p}
softlimit -m = {p}
dsoftlimit -o 64 {p}
foo
foo -x
dfoo
dfoo -b
d
dchpst -x
""".strip().splitlines()

EVERY = tuple(VERSIONS)
ZERO = "an empty number is refused; runit takes it for 0, which grants the user or the group of root"
WRAP = "a number that is too large is refused or as much as can be; in runit it wraps around"
USAGE_212 = "2.1.2 has no -C, and so another usage"

# command → (the versions that differ, why)
DIFFERENCES = {
    "chpst -u :5: {p}": (EVERY, ZERO),
    "chpst -u :5:6: {p}": (EVERY, ZERO),
    "chpst -u :: {p}": (EVERY, ZERO),
    "chpst -u ::5 {p}": (EVERY, ZERO),
    "chpst -u :5::6 {p}": (EVERY, ZERO),
    "chpst -U :1: {p}": (EVERY, ZERO),
    "chpst -u :4294967297:5 {p}": (EVERY, WRAP),
    "chpst -u :4294967295:5 {p}": (EVERY, "no user has this number: invalid, not only when setuid says so"),
    "chpst -u :1:4294967295 {p}": (EVERY, "no group has this number: invalid, not only when setgroups says so"),
    "chpst -o 18446744073709551617 {p}": (EVERY, WRAP),
    "softlimit -o abc {p}": (EVERY, "the usage that is shown is that of softlimit"),
}


@pytest.fixture
def place(world):
    """A directory with something of everything that the commands speak of."""
    os.chmod(world.directory, 0o755)
    world.write("probe", PROBE)
    world.write("file", "x")
    world.write("garbage", "garbage", mode=0o755)
    world.write("vars/A", "one  \t \ntwo\n")
    world.write("vars/HOME", "")
    world.write("vars/B", "\n")
    world.write("vars/GID", "mine")
    world.write("strange/NUL", b"a\0b \n")
    world.write("strange/BLANKS", " \t ")
    world.write("strange/LEAD", "  x")
    world.write("strange/HIGH", b"\xff\xfe")
    world.write("equals/A=B", "v")
    world.write("equals/C=", "")
    world.write("equals/=D", "w")
    world.write("dots/.hidden", "x")
    world.write("dots/E", "x\n")
    world.write("big/BIG", "x" * 100_000)
    world.write("bigtail/BIG", "short\n" + "x" * 3_000_000)
    world.write("toobig/BIG", "x" * 1_000_000)
    world.write("path/PATH", f"{world.directory}/bin:/bin")
    world.write("bin/here", "#!/bin/sh\necho found\n")
    for name in ("sub/SUB", "fifo", "dangling", "empty", "x"):
        (world.directory / name).mkdir(parents=True)
    os.mkfifo(world.directory / "fifo/F")
    os.symlink("nowhere", world.directory / "dangling/HOME")
    os.symlink("loop", world.directory / "loop")
    return world


def words_of(command):
    import shlex

    words = shlex.split(command)
    environment = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    return environment, words


def observe(place, suite, command, user):
    """What a command does, without the name of the directory that it did it in."""
    environment, (name, *arguments) = words_of(command)
    arguments = [a.replace("{p}", f"{place.directory}/probe") for a in arguments]
    options = {"user": 65534, "group": 65534, "extra_groups": []} if user == "nobody" else {}
    for lock in ("lk",):
        (place.directory / lock).unlink(missing_ok=True)
    done = place.run(
        suite.path("chpst"), *arguments, argv0=name, env={"PATH": "/usr/bin:/bin", "HOME": "/", **environment}, **options
    )
    assert "Traceback" not in done.stderr
    said = done.stdout or done.stderr
    try:
        said = json.loads(said)
    except ValueError:
        said = [done.stdout, done.stderr]
    lock = place.directory / "lk"
    return done.returncode, said, harness.mode_of(lock) if lock.exists() else None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_obeyed_as_runit_does(place, version, command, user):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    if os.getuid() != 0 and user == "root":
        pytest.skip("needs root")
    held = os.open(place.directory / "held", os.O_CREAT | os.O_RDWR, 0o666)
    os.fchmod(held, 0o666)
    import fcntl

    fcntl.flock(held, fcntl.LOCK_EX)
    if user == "nobody":
        os.chmod(place.directory, 0o777)
    theirs, ours = (observe(place, suite, command, user) for suite in (runit, harness.ours()))
    os.close(held)

    if theirs[0] == 100 and version == "2.1.2":  # the usage of 2.1.2 does not name -C
        theirs = json.loads(json.dumps(theirs).replace(" [-n nice]", " [-C pwd] [-n nice]"))
        ours = json.loads(json.dumps(ours))
    differs = version in DIFFERENCES.get(command, ((), ""))[0]
    assert (theirs != ours) == differs, f"runit {version}: {theirs}\nrunwell: {ours}\n{DIFFERENCES.get(command)}"


@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("mode", ["---", "r--", "--x", "-wx"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_directory_that_may_not_be_read_is_refused_in_the_same_words(place, version, mode, user):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    directory = place.directory / "vars"
    bits = sum(bit for bit, letter in zip((4, 2, 1), "rwx") if letter in mode)
    directory.chmod(bits << 6 | bits)
    os.chown(directory, 65534, 65534)
    try:
        theirs, ours = (observe(place, suite, "chpst -e vars {p}", user) for suite in (runit, harness.ours()))
    finally:
        directory.chmod(0o755)
    assert theirs == ours


@pytest.mark.parametrize("version", VERSIONS)
def test_a_variable_that_may_not_be_read_is_refused_in_the_same_words(place, version):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    for name in ("HOME", "B", "GID"):
        (place.directory / "vars" / name).unlink()
    (place.directory / "vars/A").chmod(0)
    theirs, ours = (observe(place, suite, "chpst -e vars {p}", "nobody") for suite in (runit, harness.ours()))
    assert theirs == ours
    assert theirs[1][1] == "chpst: fatal: unable to read vars/A: access denied\n"


def test_the_working_directory_is_changed_as_2_3_1_does(place):
    runit = harness.reference("2.3.1")
    if runit is None:
        pytest.skip("runit 2.3.1 is not there")
    for command in ("chpst -C sub {p}", "chpst -C nodir {p}", "chpst -C file {p}", "chpst -/ nodir -C sub {p}", "chpst -C"):
        theirs, ours = (observe(place, suite, command, "root") for suite in (runit, harness.ours()))
        assert theirs == ours, command


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", ["/usr/bin:/bin", "", ":/nonexistent", "/etc", "/etc:/bin", "here:/bin", "/nonexistent:/bin"])
@pytest.mark.parametrize("program", ["true", "passwd", "garbage", "file", "sub", "nosuch"])
def test_a_program_is_looked_for_in_the_same_places(place, version, path, program):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    shutil.copytree(place.directory / "bin", place.directory / "here")
    shutil.copy2(place.directory / "garbage", place.directory / "here/garbage")
    seen = []
    for suite in (runit, harness.ours()):
        done = place.run(suite.path("chpst"), program, "--help", argv0="chpst", env={"PATH": path})
        seen.append((done.returncode, done.stdout, done.stderr))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_path_bin_and_usr_bin_are_searched(place, version):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    for suite in (runit, harness.ours()):
        done = place.run(suite.path("chpst"), "sh", "-c", "echo ok", env={"HOME": "/"})
        assert (done.returncode, done.stdout) == (0, "ok\n")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("fd", [0, 1, 2])
def test_closing_what_is_closed_fails_in_the_same_words(place, version, fd):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    seen = []
    for suite in (runit, harness.ours()):
        done = place.run("/bin/sh", "-c", f"exec {suite.path('chpst')} -{fd} true {fd}>&-", argv0="sh")
        seen.append((done.returncode, done.stdout, done.stderr))
    assert seen[0] == seen[1]
    assert seen[0][0] == 111


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_is_printed_with_the_usage(place, version):
    runit = harness.reference(version)
    if runit is None:
        pytest.skip(f"runit {version} is not there")
    for suite in (runit, harness.ours()):
        done = place.run(suite.path("chpst"), "-V", "true", argv0="chpst")
        assert done.returncode == 100
        assert done.stderr.startswith("$Id: " if suite is runit else "runwell ")
        assert done.stderr.splitlines()[1].startswith("usage: chpst [-vVP012]")


def test_every_difference_is_that_of_a_command():
    assert set(DIFFERENCES) <= set(COMMANDS)


ORDER = "setsid,chdir,fchdir,chroot,setpriority,setgroups,setgid,setuid,flock,close,prlimit64,execve"


def order_of(place, suite, command, log):
    """The system calls by which a command changes the state of its process, in order, and for limits which."""
    _, (name, *arguments) = words_of(command)
    place.run(
        shutil.which("strace"), "-qq", "-e", f"trace={ORDER}", "-o", log, suite.path("chpst"), *arguments,
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    calls = []
    for line in log.read_text().splitlines():
        call, _, rest = line.partition("(")
        # reading, closing descriptors and entering a directory to read it are not changes of the state
        if call == "prlimit64" and "NULL)" in rest and "{" in rest.split("NULL")[0]:
            calls.append(f"limit {rest.split(', ')[1]}")
        elif call == "close" and rest[0] in "012" and rest[1] == ")":
            calls.append(f"close {rest[0]}")
        elif call not in ("prlimit64", "close", "chdir", "fchdir"):
            calls.append(call)
    return calls


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.shipped  # the sanitizers call the kernel, too
def test_changes_are_made_in_the_order_of_runit(place, version):
    runit = harness.reference(version) or pytest.skip(f"runit {version} is not there")
    command = (
        "chpst -t 9 -c 1 -f 900000 -p 900 -o 64 -m 900000000 -0 -1 -2 -L lk -u root -U root -n 1 -/ . -e vars -P /nosuch"
    )
    # both look the user up below the new root
    for name in ("passwd", "group", "nsswitch.conf"):
        place.write(f"etc/{name}", open(f"/etc/{name}").read())
    theirs, ours = (order_of(place, suite, command, place.directory / "calls") for suite in (runit, harness.ours()))
    assert ours == theirs
    assert ours[1:4] == ["setsid", "chroot", "setpriority"] and sum(c.startswith("limit") for c in ours) == 9, ours
