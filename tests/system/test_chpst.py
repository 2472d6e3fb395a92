"""chpst and its names: new options, cases that the comparison with runit cannot show, and every failure."""

import ctypes
import fcntl
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
from pathlib import Path

import harness
import pytest
from harness import wait_until

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
PYTHON = "/usr/bin/python3"

# What a program finds itself in: a dictionary on standard output.
PROBE = """#!/usr/bin/python3 -ISB
import ctypes, json, os, resource
libc = ctypes.CDLL(None)
status = dict(l[:-1].split(":\\t", 1) for l in open("/proc/self/status") if ":\\t" in l)
fds = []
for fd in range(64):
    try: os.fstat(fd)
    except OSError: continue
    fds.append(fd)
death = ctypes.c_int(); libc.prctl(2, ctypes.byref(death), 0, 0, 0)
print(json.dumps(dict(
    environment=dict(os.environ), ids=[os.getresuid(), os.getresgid(), os.getgroups()], fds=fds, cwd=os.getcwd(),
    limits={n[7:].lower(): resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_")},
    nice=os.nice(0), umask=int(status["Umask"], 8), no_new_privs=int(status["NoNewPrivs"]), death=death.value,
    oom=int(open("/proc/self/oom_score_adj").read()), cpus=sorted(os.sched_getaffinity(0)),
    schedule=[os.sched_getscheduler(0), os.sched_getparam(0).sched_priority], io=libc.syscall(252, 1, 0),
    capabilities={s[3:].lower(): int(status[s], 16) for s in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
    cgroup=[l.rstrip()[3:] for l in open("/proc/self/cgroup") if l.startswith("0::")],
    namespaces={n: os.readlink("/proc/self/ns/" + n) for n in ("net", "mnt")},
)))
"""


@pytest.fixture
def place(world):
    os.chmod(world.directory, 0o755)
    world.write("probe", PROBE)
    return world


def chpst(place, *arguments, program=None, **options):
    return place.run("chpst", *arguments, *(program or []), **options)


def found(place, *arguments, **options):
    """What the probe finds when chpst has run it."""
    done = chpst(place, *arguments, program=[place.directory / "probe"], **options)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def fails(place, *arguments, code=111, **options):
    """The one line on standard error of a chpst that does not come to run its program."""
    done = chpst(place, *arguments, program=["true"], **options)
    assert (done.returncode, done.stdout) == (code, "")
    return done.stderr.removesuffix("\n")


def without(*calls, error=38):
    """A preexec_fn that makes the kernel answer these system calls as one that has not got them (ENOSYS)."""
    load, jump, give = 0x20, 0x15, 0x06  # seccomp(2): BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
    program = [(load, 0, 0, 0)]
    for i, call in enumerate(calls):
        program.append((jump, len(calls) - i, 0, call))
    program += [(give, 0, 0, 0x7FFF0000), (give, 0, 0, 0x00050000 | error)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code)
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer)))

    def install():
        if not buffer or libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter_, 0, 0):
            os._exit(99)

    return install


# -- users and groups -----------------------------------------------------------------------------------------------


@ROOT_ONLY
def test_a_user_has_only_the_groups_that_are_named(place):
    assert found(place, "-u", "nobody")["ids"] == [[65534] * 3, [65534] * 3, [65534]]
    assert found(place, "-u", "nobody:daemon:sys")["ids"] == [[65534] * 3, [1] * 3, [1, 3]]


@ROOT_ONLY
def test_the_environment_does_not_follow_the_user(place):
    environment = {"HOME": "/h", "USER": "u", "LOGNAME": "l", "PATH": "/bin"}
    says = found(place, "-u", "nobody", env=environment)["environment"]
    assert {k: says[k] for k in environment} == environment


@ROOT_ONLY
def test_as_many_groups_as_the_kernel_allows_may_be_named(place):
    numbers = range(1000, 1000 + 300)
    assert found(place, "-u", ":5:" + ":".join(map(str, numbers)))["ids"][2] == list(numbers)
    # 65536 groups would not fit into the lists of a program; 20000 fit into one argument.
    many = ":".join(str(n) for n in range(100000, 100000 + 18000))
    done = chpst(place, "-u", ":5:" + many, program=[PYTHON, "-c", "import os; print(len(os.getgroups()))"])
    assert done.stdout == "18000\n"


@ROOT_ONLY
@pytest.mark.parametrize("form", [":5:6:", ":5:", "::6", "::", ":5::6", ":5:6::7"])
def test_an_empty_number_grants_nothing(place, form):
    for option in ("-u", "-U"):
        assert fails(place, option, form) == f"chpst: fatal: invalid uid/gids: {form[1:]}"


@ROOT_ONLY
def test_numbers_that_no_id_can_have_are_refused(place):
    for form in (":4294967295:1", ":1:4294967295", ":4294967296:1", ":99999999999999999999:1", ":1:2x", ":x:1"):
        assert fails(place, "-u", form) == f"chpst: fatal: invalid uid/gids: {form[1:]}"
    assert found(place, "-u", ":4294967294:4294967294")["ids"][0] == [4294967294] * 3


def in_mounts(place, files, *command):
    """A command in mounts of its own, in which these files are in place of those of the system."""
    script = ["set -e"]
    for i, (path, content) in enumerate(files.items()):
        if content is None:
            script.append(f"mount --bind /dev/null {path}")
            continue
        source = place.write(f"mounted/{i}", content, mode=0o755 if content.startswith("#!") else 0o644)
        script.append(f"mount --bind {source} {path}")
    script.append('exec "$@"')
    return place.run("/usr/bin/unshare", "-m", "sh", "-c", "\n".join(script), "sh", *command)


GETENT = """#!/bin/sh
echo "$#:$1:$2" >>"$LOG"
case $1:$2 in
passwd:remote) echo "remote:*:70001:70002:Far Away:/home/remote:/bin/sh" ;;
passwd:UPPER) echo "upper:*:70003:70004::/:" ;;
group:far) echo "far:*:70005:remote,other" ;;
initgroups:remote) echo "remote                70002 70005 70006" ;;
passwd:garbage) echo "garbage" ;;
passwd:failing) echo "failing:*:1:1::/:"; exit 3 ;;
*) exit 2 ;;
esac
"""


@pytest.fixture
def getent(place):
    """A getent(1) with users of its own and a log of its calls, and a chpst that uses it."""
    log = place.write("asked", "", mode=0o666)
    script = GETENT.replace('"$LOG"', f"{log}")

    def run(*arguments, **more):
        files = {"/usr/bin/getent": script, **more.get("files", {})}
        done = in_mounts(place, files, place.suite.path("chpst"), *arguments)
        run.asked = log.read_text().splitlines()
        log.write_text("")
        return done

    return run


@ROOT_ONLY
def test_a_name_that_is_not_in_the_files_is_asked_of_getent(place, getent):
    says = json.loads(getent("-u", "remote", place.directory / "probe").stdout)
    assert says["ids"] == [[70001] * 3, [70002] * 3, [70002]]
    assert getent.asked == ["2:passwd:remote"]
    says = json.loads(getent("-u", "remote:far:daemon", place.directory / "probe").stdout)
    assert says["ids"] == [[70001] * 3, [70005] * 3, [1, 70005]]
    assert getent.asked == ["2:passwd:remote", "2:group:far"]
    says = json.loads(getent("-U", "remote:far", place.directory / "probe").stdout)
    assert (says["environment"]["UID"], says["environment"]["GID"]) == ("70001", "70005")


@ROOT_ONLY
def test_getent_may_write_a_name_otherwise_than_it_was_asked(place, getent):
    assert json.loads(getent("-u", "UPPER", place.directory / "probe").stdout)["ids"][0] == [70003] * 3


@ROOT_ONLY
def test_a_name_in_the_files_needs_no_getent(place, getent):
    assert getent("-u", "nobody:daemon", "true").returncode == 0
    assert getent.asked == []


@ROOT_ONLY
@pytest.mark.parametrize("name", ["70001", "0", "-s", "+", " 1", ""])
def test_a_number_is_a_name_and_a_dash_no_option_of_getent(place, getent, name):
    done = getent("-u", name, "true")
    assert (done.returncode, done.stderr) == (111, f"chpst: fatal: unknown user/group: {name}\n")
    assert getent.asked == []


@ROOT_ONLY
@pytest.mark.parametrize("name", ["nosuch", "garbage", "failing", "x" * 300])
def test_what_getent_does_not_know_is_unknown(place, getent, name):
    done = getent("-u", name, "true")
    assert (done.returncode, done.stderr) == (111, f"chpst: fatal: unknown user/group: {name}\n")


@ROOT_ONLY
def test_without_getent_a_name_is_unknown(place):
    done = in_mounts(place, {"/usr/bin/getent": None}, place.suite.path("chpst"), "-u", "remote", "true")
    assert (done.returncode, done.stderr) == (111, "chpst: fatal: unknown user/group: remote\n")


@ROOT_ONLY
def test_empty_account_files_have_no_users(place, getent):
    done = getent("-u", "nobody", "true", files={"/etc/passwd": None})
    assert (done.returncode, done.stderr) == (111, "chpst: fatal: unknown user/group: nobody\n")


@ROOT_ONLY
def test_a_missing_file_is_reported_with_its_error(place):
    root = place.directory / "root"
    root.mkdir()
    assert fails(place, "-/", root, "-u", "nobody") == (
        "chpst: fatal: unable to get password/group file entry: file does not exist"
    )
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("www:x:33:33::/:\n")
    assert fails(place, "-/", root, "-u", "www:www") == (
        "chpst: fatal: unable to get password/group file entry: file does not exist"
    )
    done = place.run(place.suite.path("chpst"), "nosuch", "true", argv0="setuidgid")
    assert done.stderr == "chpst: fatal: unknown account: nosuch\n"


@pytest.fixture
def other_root(place):
    """A root directory with a user web, and with a getent that knows more users."""
    root = place.directory / "root"
    for name in ("etc", "usr/bin"):
        (root / name).mkdir(parents=True)
    place.write("root/etc/passwd", "web:x:33:33::/:\n")
    place.write("root/etc/group", "web:x:33:\n")
    place.write("root/usr/bin/getent", "#!/busybox sh\necho ran >/ran\necho mail:x:0:0::/:\n", mode=0o755)
    shutil.copy(shutil.which("busybox"), root / "busybox")
    for path in (place.directory, root, root / "etc", root / "etc/passwd", root / "etc/group"):
        path.chmod(0o755)
    return root


def becomes(place, root, user):
    return chpst(place, "-/", root, "-u", user, program=["/busybox", "id", "-u"])


@ROOT_ONLY
def test_no_program_of_a_new_root_is_asked_who_a_user_is(place, other_root):
    assert becomes(place, other_root, "web").stdout == "33\n"
    assert becomes(place, other_root, "mail").stderr == "chpst: fatal: unknown user/group: mail\n"
    assert not (other_root / "ran").exists()


@ROOT_ONLY
@pytest.mark.parametrize("name", [".", "etc", "etc/passwd"])
@pytest.mark.parametrize("how", ["owner", "group", "others"])
def test_a_new_root_tells_who_a_user_is_only_if_it_is_roots_word(place, other_root, name, how):
    """A user who can write there can give any name the number 0."""
    if how == "owner":
        os.chown(other_root / name, 33, 0)
    else:
        (other_root / name).chmod(0o775 if how == "group" else 0o757)
    assert becomes(place, other_root, "web").stderr == (
        "chpst: fatal: unable to get password/group file entry: permission denied\n"
    )
    assert becomes(place, other_root, ":33:33").stdout == "33\n"


@ROOT_ONLY
def test_the_groups_of_a_user_can_be_asked_for(place, getent):
    group = "daemon:x:1:nobody\nsys:x:3:other\nnogroup:x:65534:\nmany:x:44:a,nobody,b\nlong:x:45:" + "x," * 9000 + "nobody\n"
    probe = place.directory / "probe"
    done = in_mounts(place, {"/etc/group": group}, place.suite.path("chpst"), "--groups=init", "-u", "nobody", probe)
    assert json.loads(done.stdout)["ids"][1:] == [[65534] * 3, [1, 44, 45, 65534]]
    done = in_mounts(place, {"/etc/group": group}, place.suite.path("chpst"), "-u", "nobody:sys", "--groups", "init", probe)
    assert json.loads(done.stdout)["ids"][1:] == [[3] * 3, [1, 3, 44, 45]]
    says = json.loads(getent("--groups=init", "-u", "remote", probe).stdout)
    assert says["ids"][1:] == [[70002] * 3, [70002, 70005, 70006]]
    assert getent.asked == ["2:passwd:remote", "2:initgroups:remote"]


def test_nobody_may_not_become_another(place):
    options = NOBODY if os.getuid() == 0 else {}
    assert fails(place, "-u", "root", **options) == "chpst: fatal: unable to setgroups: permission denied"


# -- the environment ------------------------------------------------------------------------------------------------


def test_a_link_to_nowhere_removes_its_variable_whatever_was_read_before(place):
    for n in range(20):
        place.write(f"env/A{n}", f"value {n}")
        os.symlink("nowhere", place.directory / f"env/L{n}")
    says = found(place, "-e", "env", env={"PATH": "/usr/bin:/bin", **{f"L{n}": "old" for n in range(20)}})["environment"]
    assert says == {"PATH": "/usr/bin:/bin", "LC_CTYPE": "C.UTF-8", **{f"A{n}": f"value {n}" for n in range(20)}} or says == {
        "PATH": "/usr/bin:/bin", **{f"A{n}": f"value {n}" for n in range(20)}
    }  # fmt: skip


def test_a_value_of_megabytes_is_too_much_for_the_kernel_and_for_us(place):
    for size in (200_000, 1_000_000, 9_000_000):
        place.write("env/BIG", "x" * size)
        assert fails(place, "-e", "env") == "chpst: fatal: unable to run: true: argument list too long"


def test_thousands_of_variables_are_set(place):
    for n in range(3000):
        place.write(f"env/V{n}", f"{n}\n")
    says = found(place, "-e", "env")["environment"]
    assert {k: v for k, v in says.items() if k[0] == "V"} == {f"V{n}": str(n) for n in range(3000)}


@pytest.mark.shipped  # the sanitizers need more memory than that
def test_the_environment_is_read_where_memory_is_short(place):
    place.write("env/A", "x" * 1000)
    limited = lambda: resource.setrlimit(resource.RLIMIT_AS, (6_000_000, 6_000_000))  # noqa: E731
    done = chpst(place, "-e", "env", program=["/bin/sh", "-c", "echo $A"], preexec_fn=limited)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x" * 1000 + "\n", "")


def test_a_directory_of_variables_needs_no_working_directory(place):
    place.write("env/A", "1")
    inner = place.directory / "inner"
    inner.mkdir()
    remove = lambda: os.rmdir(inner)  # noqa: E731
    done = chpst(place, "-e", place.directory / "env", program=["/bin/sh", "-c", "echo $A"], cwd=inner, preexec_fn=remove)
    assert done.stdout == "1\n"


def test_with_verbose_a_subdirectory_is_reported(place):
    (place.directory / "env/sub").mkdir(parents=True)
    done = chpst(place, "-v", "-e", "env", program=["true"])
    assert (done.returncode, done.stderr) == (0, "chpst: warning: unable to read env/sub: is a directory\n")


# -- locks ------------------------------------------------------------------------------------------------------------


def test_a_lock_is_waited_for_and_held_until_the_program_ends(place):
    first = place.start("chpst", "-l", "lk", "sleep", "1000")
    lock = place.directory / "lk"
    wait_until(lambda: lock.exists() and is_locked(lock), "the first has the lock")
    second = place.start("chpst", "-l", "lk", "/bin/sh", "-c", "echo >got; sleep 1000")
    assert fails(place, "-L", "lk") == "chpst: fatal: unable to lock: lk: temporary failure"
    assert not (place.directory / "got").exists()
    first.kill()
    wait_until((place.directory / "got").exists, "the second has the lock")
    assert second.poll() is None
    assert harness.mode_of(lock) == 0o600


def is_locked(path):
    with open(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True


def test_a_lock_is_held_by_the_children_of_the_program(place):
    place.run("chpst", "-L", "lk", "/bin/sh", "-c", "sleep 1000 </dev/null >/dev/null 2>&1 &")
    assert is_locked(place.directory / "lk")


def test_a_lock_is_no_standard_descriptor(place):
    done = place.run(
        "/bin/sh", "-c", f"exec {place.suite.path('chpst')} -l lk -- /bin/sh -c 'echo secret >&2; ls -l /proc/self/fd' 2>&-"
    )
    assert done.returncode == 0
    assert (place.directory / "lk").read_text() == ""


def test_closing_everything_else_keeps_the_lock(place):
    fds = found(place, "--close-fds", "-l", "lk", pass_fds=[os.open("/dev/null", os.O_RDONLY)])["fds"]
    assert len(fds) == 4  # 0, 1, 2 and the lock
    done = chpst(place, "-L", "lk", "--close-fds", program=["/bin/sh", "-c", "sleep 1000 </dev/null >/dev/null 2>&1 &"])
    assert done.returncode == 0
    assert is_locked(place.directory / "lk")


# -- the new options ----------------------------------------------------------------------------------------------------


def test_umask(place):
    assert found(place, "--umask", "027")["umask"] == 0o27
    assert found(place, "--umask=0777", "-l", "lk")["umask"] == 0o777
    assert harness.mode_of(place.directory / "lk") == 0o600


def test_oom_score(place):
    assert found(place, "--oom-score", "500")["oom"] == 500


def test_a_lower_oom_score_needs_privilege(place):
    options = NOBODY if os.getuid() == 0 else {}
    assert fails(place, "--oom-score=-999", **options) == "chpst: fatal: unable to set the oom score: access denied" or (
        fails(place, "--oom-score=-999", **options) == "chpst: fatal: unable to set the oom score: permission denied"
    )


def test_no_new_privs(place):
    assert found(place)["no_new_privs"] == 0
    assert found(place, "--no-new-privs")["no_new_privs"] == 1


CHOWN, KILL, BIND, ALL = 1, 1 << 5, 1 << 10, (1 << 41) - 1


@ROOT_ONLY
def test_dropped_capabilities_are_gone_for_good(place):
    has = found(place, "--cap-drop", "chown,kill")["capabilities"]
    assert has["bnd"] & (CHOWN | KILL) == 0
    assert has["prm"] & (CHOWN | KILL) == 0
    assert has["bnd"] & BIND
    assert has["eff"] & BIND


@ROOT_ONLY
def test_all_capabilities_can_be_dropped(place):
    has = found(place, "--cap-drop", "all")["capabilities"]
    assert set(has.values()) == {0}


@ROOT_ONLY
def test_kept_capabilities_outlive_the_change_of_user(place):
    has = found(place, "-u", "nobody", "--cap-keep", "net_bind_service")
    assert has["capabilities"] == dict.fromkeys(("inh", "prm", "eff", "bnd", "amb"), BIND)
    assert has["ids"][0] == [65534] * 3
    script = "import socket; socket.create_server(('127.0.0.1', 77)); print('bound')"
    assert chpst(place, "--new-net", "-u", "nobody", "--cap-keep=net_bind_service", program=[PYTHON, "-c", script]).stdout == "bound\n"


@ROOT_ONLY
def test_without_keeping_a_user_has_no_capabilities(place):
    has = found(place, "-u", "nobody", "--cap-drop", "kill")["capabilities"]
    assert has["prm"] == has["eff"] == has["amb"] == 0
    assert has["bnd"] & KILL == 0


@ROOT_ONLY
def test_everything_can_be_kept(place):
    has = found(place, "-u", "nobody", "--cap-keep", "all", "--cap-drop", "chown")["capabilities"]
    assert has["amb"] & KILL and has["eff"] == has["amb"] == has["bnd"]
    assert has["amb"] & CHOWN == 0


def test_nobody_has_no_capabilities_to_keep_or_to_drop(place):
    options = NOBODY if os.getuid() == 0 else {}
    assert fails(place, "--cap-drop", "chown", **options) == "chpst: fatal: unable to drop capabilities: permission denied"


@ROOT_ONLY
def test_a_capability_that_is_not_there_cannot_be_kept(place):
    done = place.run("/usr/sbin/capsh", "--drop=cap_kill", "--", "-c", f"exec {place.suite.path('chpst')} --cap-keep kill true")
    assert (done.returncode, done.stderr) == (111, "chpst: fatal: unable to keep capabilities: permission denied\n")


def test_cpus(place):
    assert found(place, "--cpus", "0")["cpus"] == [0]
    assert fails(place, "--cpus", "1000-1001") == "chpst: fatal: unable to run on the cpus 1000-1001: invalid argument"


def test_io_class_and_priority(place):
    assert found(place, "--io-class", "idle")["io"] == 3 << 13
    assert found(place, "--io-class=best-effort", "--io-prio", "6")["io"] == 2 << 13 | 6
    assert found(place, "--io-prio", "1")["io"] == 2 << 13 | 1


def test_schedule(place):
    assert found(place, "--sched", "batch")["schedule"] == [os.SCHED_BATCH, 0]
    assert found(place, "--sched=idle")["schedule"] == [os.SCHED_IDLE, 0]
    assert found(place, "--sched=other")["schedule"] == [os.SCHED_OTHER, 0]


@ROOT_ONLY
def test_a_policy_of_real_time(place):
    assert found(place, "--sched", "rr:7", "-u", "nobody")["schedule"] == [os.SCHED_RR, 7]
    assert found(place, "--sched", "fifo:1")["schedule"] == [os.SCHED_FIFO, 1]
    assert fails(place, "--sched", "fifo:1", **NOBODY) == "chpst: fatal: unable to set the scheduling policy: permission denied"
    assert fails(place, "--io-class", "realtime", **NOBODY) == "chpst: fatal: unable to set the io priority: permission denied"


def test_limits_are_soft_unless_they_are_to_be_hard(place):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert found(place, "-o", "100")["limits"]["nofile"] == [100, hard]
    assert found(place, "-o", "100", "--hard")["limits"]["nofile"] == [100, 100]
    huge = "99999999999999999999999"  # too large for the machine: the hard limit
    assert found(place, "--hard", "-c", "5", "-o", huge)["limits"]["nofile"] == [hard, hard]


def may_raise_limits():
    effective = re.search(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())[1]
    return int(effective, 16) >> 24 & 1 == 1  # CAP_SYS_RESOURCE


@ROOT_ONLY
def test_hard_raises_the_hard_limit_or_fails(place):
    lower = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 60))  # noqa: E731
    refused = "chpst: fatal: unable to setrlimit(): permission denied"
    if may_raise_limits():
        assert found(place, "-o", "1000", "--hard", preexec_fn=lower)["limits"]["nofile"] == [1000, 1000]
    else:
        assert fails(place, "-o", "1000", "--hard", preexec_fn=lower) == refused
    assert found(place, "-o", "60", "--hard", preexec_fn=lower, **NOBODY)["limits"]["nofile"] == [60, 60]
    assert fails(place, "-o", "61", "--hard", preexec_fn=lower, **NOBODY) == refused
    assert fails(place, "-u", "nobody", "-o", "61", "--hard", preexec_fn=lower) == refused  # the user is changed first


def test_a_limit_above_the_hard_one_is_the_hard_one(place):
    lower = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (50, 60))  # noqa: E731
    assert found(place, "-o", "1000", preexec_fn=lower)["limits"]["nofile"] == [60, 60]


def test_a_dead_parent_is_a_signal(place):
    assert found(place, "--death-signal", "TERM")["death"] == signal.SIGTERM
    assert found(place, "--death-signal=9")["death"] == signal.SIGKILL
    script = f"{place.suite.path('chpst')} --death-signal KILL sleep 1000 & echo $! >child; wait"
    parent = place.start("/bin/sh", "-c", script)
    child = place.directory / "child"
    wait_until(lambda: child.exists() and child.read_text().strip(), "the child has a number")
    pid = int(child.read_text())
    wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n", "the child sleeps")
    parent.kill()
    wait_until(lambda: not harness.alive(pid), "the child dies with its parent")


@ROOT_ONLY
def test_a_death_signal_outlives_the_change_of_user(place):
    assert found(place, "--death-signal", "HUP", "-u", "nobody")["death"] == signal.SIGHUP


def test_close_fds(place):
    extra = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    assert set(extra) <= set(found(place, pass_fds=extra)["fds"])
    assert found(place, "--close-fds", pass_fds=extra)["fds"] == [0, 1, 2]
    for fd in extra:
        os.close(fd)


# The three descriptors of the shell itself.
SHOW_STANDARD = "all=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); echo \"$all\" >out"


def test_null(place):
    done = chpst(place, "--null", program=["/bin/sh", "-c", SHOW_STANDARD])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (place.directory / "out").read_text() == "/dev/null\n" * 3


def test_null_and_then_closed(place):
    done = chpst(place, "--null", "-0", program=["/bin/sh", "-c", "test -e /proc/$$/fd/0 || echo closed >out"])
    assert done.returncode == 0
    assert (place.directory / "out").read_text() == "closed\n"


def test_null_with_nothing_open(place):
    show = place.write("show", f"#!/bin/sh\n{SHOW_STANDARD}\n")
    place.run("/bin/sh", "-c", f"exec {place.suite.path('chpst')} --null {show} <&- >&- 2>&-")
    assert (place.directory / "out").read_text() == "/dev/null\n" * 3


# -- apart from others ----------------------------------------------------------------------------------------------------


@ROOT_ONLY
def test_a_new_network_has_a_loopback_and_nothing_else(place):
    script = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('ok'); print(*[n for _, n in socket.if_nameindex()])"
    done = chpst(place, "--new-net", "-u", "nobody", program=[PYTHON, "-c", script])
    assert done.stdout.splitlines()[0] == "ok", done.stderr
    assert "eth0" not in done.stdout
    assert found(place, "--new-net")["namespaces"]["net"] != os.readlink("/proc/self/ns/net")


@ROOT_ONLY
def test_mounts_of_its_own_are_not_seen_outside(place):
    (place.directory / "there").mkdir()
    done = chpst(place, "--new-mount", program=["/bin/sh", "-c", "mount -t tmpfs none there && >there/x && ls there"])
    assert done.stdout == "x\n"
    assert list((place.directory / "there").iterdir()) == []


@ROOT_ONLY
def test_a_path_is_read_only_below_and_elsewhere_not(place):
    (place.directory / "ro/deep").mkdir(parents=True)
    (place.directory / "rw").mkdir()
    script = ">ro/x; >ro/deep/x; >rw/x; mount | grep -c runwell >/dev/null; ls rw"
    done = chpst(place, "--read-only", place.directory / "ro", program=["/bin/sh", "-c", script])
    assert done.stdout == "x\n"
    assert done.stderr.count("Read-only file system") == 2
    assert not (place.directory / "ro/x").exists()
    (place.directory / "ro/x").touch()


@ROOT_ONLY
def test_the_working_directory_is_no_way_around(place):
    done = chpst(place, "--read-only", place.directory, program=["/bin/sh", "-c", "pwd; >x"])
    assert done.stdout == f"{place.directory}\n"
    assert "Read-only file system" in done.stderr


@ROOT_ONLY
def test_the_whole_tree_can_be_read_only_but_for_a_private_tmp(place):
    name = f"runwell-{os.getpid()}"
    script = f">/etc/{name} || >/usr/{name}; ls /tmp; >/tmp/{name} && >/var/tmp/y && ls /tmp /var/tmp"
    done = chpst(place, "--read-only", "/", "--private-tmp", program=["/bin/sh", "-c", script], cwd="/")
    assert done.stdout == f"/tmp:\n{name}\n\n/var/tmp:\ny\n"
    assert done.stderr.count("Read-only file system") == 2
    assert not Path("/tmp", name).exists()


@ROOT_ONLY
def test_a_path_that_is_not_there_cannot_be_read_only(place):
    assert fails(place, "--read-only", "nosuch") == "chpst: fatal: unable to make read-only: nosuch: file does not exist"


def test_nobody_may_not_have_a_network_or_mounts(place):
    options = NOBODY if os.getuid() == 0 else {}
    assert fails(place, "--new-net", **options) == "chpst: fatal: unable to leave the network: permission denied"
    for option in (["--new-mount"], ["--private-tmp"], ["--read-only", "/"]):
        assert fails(place, *option, **options) == "chpst: fatal: unable to keep mounts apart: permission denied"


SYSTEM = ["--may-read", "/usr", "--may-read", "/bin", "--may-read", "/lib", "--may-read", "/lib64", "--may-write", "/dev/null"]


@pytest.mark.parametrize("options", [{}, NOBODY])
def test_only_what_is_allowed_can_be_opened(place, options):
    if os.getuid() != 0 and options:
        pytest.skip("needs root")
    for name in ("read", "write", "none"):
        place.write(f"{name}/file", name)
        (place.directory / name).chmod(0o777)
        (place.directory / name / "file").chmod(0o666)
    script = "cat {read,write,none}/file; for d in read write none; do echo new >$d/file; echo new >$d/new; done; rm write/file"
    rules = ["--may-read", "read", "--may-write=write"]
    done = chpst(place, *SYSTEM, *rules, program=["/bin/bash", "-c", script], **options)
    assert done.stdout == "readwrite"
    assert sorted(p.name for p in (place.directory / "write").iterdir()) == ["new"]
    assert [p.name for p in (place.directory / "read").iterdir()] == ["file"]
    assert (place.directory / "read/file").read_text() == "read"
    assert (place.directory / "none/file").read_text() == "none"
    assert done.stderr.count("Permission denied") == 5


def test_a_rule_may_be_for_a_file(place):
    place.write("a", "a")
    place.write("b", "b")
    done = chpst(place, *SYSTEM, "--may-read", "a", "--may-write", "b", program=["/bin/sh", "-c", "cat a b; echo x >b; echo x >a"])
    assert done.stdout == "ab"
    assert ((place.directory / "a").read_text(), (place.directory / "b").read_text()) == ("a", "x\n")


def test_rules_are_for_the_program_too(place):
    assert fails(place, "--may-read", "/etc") == "chpst: fatal: unable to run: true: access denied"
    assert fails(place, "--may-read", "nosuch") == "chpst: fatal: unable to open nosuch: file does not exist"


def test_rules_take_new_privileges_away(place):
    says = json.loads(chpst(place, "--may-read", "/", program=[place.directory / "probe"]).stdout)
    assert says["no_new_privs"] == 1


# -- cgroups ------------------------------------------------------------------------------------------------------------

HIERARCHY = next((p for p in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")) if (p / "cgroup.procs").exists()), None)
WITH_CGROUPS = pytest.mark.skipif(
    os.getuid() != 0 or HIERARCHY is None or not os.access(HIERARCHY or "/", os.W_OK), reason="needs a cgroup v2 to write to"
)


@pytest.fixture
def group():
    name = f"runwell-test-{os.getpid()}"
    yield name
    for path in sorted(HIERARCHY.glob(f"**/{name}/**"), reverse=True):
        if path.is_dir():
            path.rmdir()


@WITH_CGROUPS
def test_a_cgroup_is_created_and_entered(place, group):
    own = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")][0]
    assert found(place, "--cgroup", group, "-u", "nobody")["cgroup"] == [f"{own.rstrip('/')}/{group}"]
    assert found(place, "--cgroup", f"{group}/a/b")["cgroup"] == [f"{own.rstrip('/')}/{group}/a/b"]
    assert found(place, "--cgroup", f"/{group}/c")["cgroup"] == [f"/{group}/c"]


@WITH_CGROUPS
def test_what_is_set_in_a_cgroup_is_set_before_the_program_runs(place, group):
    path = HIERARCHY / group
    script = ["/bin/cat", f"{path}/cgroup.max.depth", f"{path}/cgroup.max.descendants"]
    settings = ["--cgroup-set", "cgroup.max.depth=3", "--cgroup-set=cgroup.max.descendants=7"]
    assert chpst(place, "--cgroup", f"/{group}", *settings, program=script).stdout == "3\n7\n"


@WITH_CGROUPS
def test_a_value_that_cannot_be_set_in_a_cgroup_is_reported(place, group):
    said = fails(place, "--cgroup", f"/{group}", "--cgroup-set", "frob.max=1")
    assert said == "chpst: fatal: unable to set in the cgroup: frob.max=1: file does not exist"
    said = fails(place, "--cgroup", f"/{group}", "--cgroup-set", "cgroup.max.depth=x")
    assert said == "chpst: fatal: unable to set in the cgroup: cgroup.max.depth=x: invalid argument"
    said = fails(place, "--cgroup", f"/{group}", **NOBODY)
    assert said in (
        "chpst: fatal: unable to enter the cgroup: access denied",
        f"chpst: fatal: unable to create the cgroup /{group}: access denied",
    )


@ROOT_ONLY
def test_without_a_hierarchy_the_feature_is_named(place):
    done = place.run(
        "/usr/bin/unshare", "-m", "sh", "-c",
        f"mount -t tmpfs none /sys/fs/cgroup; exec {place.suite.path('chpst')} --cgroup x true",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        111,
        "chpst: fatal: unable to find the cgroups: this kernel does not have a cgroup v2 hierarchy (Linux 4.5, CONFIG_CGROUPS)\n",
    )


# -- a kernel that cannot -------------------------------------------------------------------------------------------------

SYSCALLS = {"landlock_create_ruleset": 444, "close_range": 436, "mount_setattr": 442, "ioprio_set": 251, "unshare": 272,
            "sched_setscheduler": 144, "sched_setaffinity": 203}  # fmt: skip


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls by their numbers on x86-64")
@pytest.mark.parametrize(
    "call, arguments, feature",
    [
        ("landlock_create_ruleset", ["--may-read", "/"], "Landlock (Linux 5.13, CONFIG_SECURITY_LANDLOCK, lsm=landlock)"),
        ("close_range", ["--close-fds"], "close_range (Linux 5.9)"),
        ("ioprio_set", ["--io-class", "idle"], "io priorities (CONFIG_BLOCK)"),
        ("unshare", ["--new-net"], "network namespaces (CONFIG_NET_NS)"),
        ("unshare", ["--new-mount"], "mount namespaces (CONFIG_NAMESPACES)"),
        ("sched_setscheduler", ["--sched", "batch"], "scheduling policies (sched_setscheduler)"),
        ("sched_setaffinity", ["--cpus", "0"], "processor affinity (CONFIG_SMP)"),
    ],
)
def test_what_the_kernel_does_not_have_is_named(place, call, arguments, feature):
    said = fails(place, *arguments, preexec_fn=without(SYSCALLS[call]))
    assert said.startswith("chpst: fatal: unable to ")
    assert said.endswith(f": this kernel does not have {feature}")


@ROOT_ONLY
def test_a_kernel_without_mount_setattr_is_reported(place):
    said = fails(place, "--read-only", "/", preexec_fn=without(SYSCALLS["mount_setattr"]))
    assert said == "chpst: fatal: unable to make read-only: /: this kernel does not have mount_setattr (Linux 5.12)"


def test_disabled_landlock_is_reported(place):
    said = fails(place, "--may-read", "/", preexec_fn=without(SYSCALLS["landlock_create_ruleset"], error=95))
    assert "this kernel does not have Landlock" in said


# -- the plan -------------------------------------------------------------------------------------------------------------


def test_print_shows_the_plan_and_does_nothing(place):
    done = chpst(place, "-v", "--print", "-l", "lk", "-e", "nodir", "-u", "nosuch", "-o", "5", "--close-fds", "-b", "me", program=["prog", "a b"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "read the environment from nodir",
        "become nosuch",
        "wait for the lock lk",
        "limit open files to 5",
        "close everything above 2; needs close_range (Linux 5.9)",
        "run prog a b as me",
    ]
    assert not (place.directory / "lk").exists()
    assert chpst(place, "--print", "--close-fds", program=["prog"]).stdout == "close everything above 2\nrun prog\n"


def test_a_plan_that_cannot_be_printed_is_an_error(place):
    with open("/dev/full", "w") as full:
        done = subprocess.run([place.suite.path("chpst"), "--print", "x"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (111, "chpst: fatal: unable to print the plan: out of disk space\n")


def test_what_is_refused_is_named(place):
    for arguments, words in {
        ("--frob",): "illegal option -- frob",
        ("--umask", "9"): "invalid argument -- umask",
        ("--null=1",): "option takes no argument -- null",
        ("--hard",): "--hard needs a limit",
    }.items():
        said = fails(place, *arguments, code=100)
        assert said.startswith(f"chpst: {words}\nusage: chpst [-vVP012] ")
    done = chpst(place, "--umask")
    assert done.returncode == 100
    assert done.stderr.startswith("chpst: option requires an argument -- umask\n")


def test_the_aliases_are_links_beside_chpst(place):
    directory = Path(place.suite.path("chpst")).parent
    for name in ("envdir", "envuidgid", "pgrphack", "setlock", "setuidgid", "softlimit"):
        assert os.readlink(directory / name) == "chpst"


def test_signals_are_as_they_were(place):
    """chpst changes only what its options name: blocked and ignored signals stay so."""

    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)

    show = ["/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]
    options = {"preexec_fn": prepare, "restore_signals": False}
    assert chpst(place, "-u" if os.getuid() == 0 else "-U", "nobody", program=show, **options).stdout == (
        place.run(show[0], *show[1:], **options).stdout
    )


# -- the manual -----------------------------------------------------------------------------------------------------------

MANUAL = Path(__file__).resolve().parents[2] / "man/chpst.8"


def test_the_examples_of_the_manual_are_plans(place):
    text = MANUAL.read_text().split(".Sh EXAMPLES")[1].split(".Sh ")[0].replace("\\e\n", " ")
    lines = [line.split("exec chpst ", 1)[1] for line in text.splitlines() if "exec chpst " in line]
    assert len(lines) == 2
    for line in lines:
        done = chpst(place, "--print", *line.split())
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "run " + line[line.index("busybox"):]


def test_every_option_is_in_the_manual_and_no_other(place):
    text = MANUAL.read_text().split(".Sh OPTIONS")[1].split(".Sh ORDER")[0]
    named = {word for line in text.splitlines() if line.startswith(".It Fl -") for word in [line.split()[2].lstrip("-")]}
    for name in named:
        assert "illegal option" not in chpst(place, f"--{name}", "--print").stderr, name
    source = (MANUAL.parents[1] / "src/core/chpst_options.cc").read_text()
    assert named == set(re.findall(r"chpst_option\{'\\0', \"([a-z-]+)\"", source))
