"""cmake --install, and the tarball for any Linux with its install.sh: what lies where, and that it works there."""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from harness import ROOT, Suite, World, wait_for_words

VERSION = re.search(r"project\(runwell VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
NAMES_OF_CHPST = {"envdir", "envuidgid", "pgrphack", "setlock", "setuidgid", "softlimit"}
BIN = {"chpst", "runsv", "runsvdir", "sv", "svlogd"} | NAMES_OF_CHPST
SBIN = {"runit", "runit-init", "runsvchdir", "utmpset"}
SHUTDOWN = {"shutdown", "halt", "poweroff", "reboot", "telinit"}


def names(directory):
    return {p.name for p in Path(directory).iterdir()}


def files(directory):
    """Everything below a directory that is not one: path → what it holds or points to, and its mode."""
    found = {}
    for path in sorted(Path(directory).rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(directory))] = os.readlink(path)
        elif path.is_file():
            found[str(path.relative_to(directory))] = (path.read_bytes(), path.stat().st_mode)
    return found


# -- cmake --install --------------------------------------------------------------------------------------------------


def cmake_install(destdir, *more):
    subprocess.run(
        ["cmake", "--install", ROOT / "build/release", "--prefix", "/usr", *more],
        env={**os.environ, "DESTDIR": str(destdir)}, check=True, capture_output=True,
    )  # fmt: skip
    return destdir / "usr"


def test_cmake_installs_by_the_gnu_names_of_directories(tmp_path):
    usr = cmake_install(tmp_path)
    assert BIN <= names(usr / "bin") and SBIN == names(usr / "sbin")
    assert {"sv.8", "runsv.8", "envdir.8"} <= names(usr / "share/man/man8")
    assert {"README.md", "LICENSE", "CHANGES.md", "docs", "examples"} <= names(usr / "share/doc/runwell")
    assert os.access(usr / "share/doc/runwell/examples/services/plain/run", os.X_OK)
    assert (usr / "share/man/man8/envdir.8").resolve().name == "chpst.8"
    assert subprocess.run([usr / "bin/setuidgid"], capture_output=True, check=False).returncode == 100


def test_the_commands_that_shut_down_are_installed_only_on_request(tmp_path):
    """In /usr/local/sbin they would hide those of the installed init."""
    usr = cmake_install(tmp_path)
    assert not SHUTDOWN & (names(usr / "sbin") | names(usr / "bin"))
    assert "shutdown.8" not in names(usr / "share/man/man8")
    places = {"bash-completion/completions": "{}", "zsh/site-functions": "_{}", "fish/vendor_completions.d": "{}.fish"}
    for place, name in places.items():
        assert name.format("sv") in names(usr / "share" / place) and name.format("shutdown") not in names(usr / "share" / place)
    cmake_install(tmp_path, "--component", "shutdown")
    assert SHUTDOWN | SBIN == names(usr / "sbin")
    assert {f"{name}.8" for name in SHUTDOWN} <= names(usr / "share/man/man8")
    for place, name in places.items():
        assert name.format("shutdown") in names(usr / "share" / place)


# -- the tarball ------------------------------------------------------------------------------------------------------

TARBALL = ROOT / f"build/dist/runwell-{VERSION}-linux-{os.uname().machine}.tar.gz"


@pytest.fixture
def unpacked(tmp_path):
    with tarfile.open(TARBALL) as tar:
        tar.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked" / TARBALL.name.removesuffix(".tar.gz")


def install(unpacked, *words, code=0):
    done = subprocess.run([unpacked / "install.sh", *words], capture_output=True, text=True, check=False)
    assert done.returncode == code, done
    return done


def test_the_tarball_is_the_same_each_time():
    """Whatever the umask, the time zone, the locale and the order of a directory are."""
    before = TARBALL.read_bytes()
    with tarfile.open(TARBALL) as tar:
        made = next(iter(tar)).mtime
    subprocess.run(
        ["sh", "-c", "umask 077; exec ./dev dist"], cwd=ROOT, check=True, capture_output=True,
        env={**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": str(made)},
    )  # fmt: skip
    assert TARBALL.read_bytes() == before


def test_no_program_knows_where_it_was_built(unpacked):
    """So that a build elsewhere gives the same bytes."""
    for program in (unpacked / "bin").iterdir():
        assert str(ROOT).encode() not in program.read_bytes(), program.name


def test_the_tarball_holds_what_it_should(unpacked):
    assert names(unpacked) == {"bin", "man", "completions", "docs", "examples", "LICENSE", "README.md", "CHANGES.md", "install.sh"}
    assert names(unpacked / "bin") == BIN | SBIN | SHUTDOWN
    with tarfile.open(TARBALL) as tar:
        assert {(m.uid, m.gid) for m in tar} == {(0, 0)} and len({m.mtime for m in tar}) == 1
        assert all(m.issym() or m.mode in (0o644, 0o755) for m in tar)


def test_it_is_installed_and_taken_away_again(unpacked, tmp_path):
    root = tmp_path / "root"
    (root / "usr/local/bin").mkdir(parents=True)
    (root / "usr/local/bin/other").write_text("not ours")
    said = install(unpacked, f"--destdir={root}").stdout
    assert "start the services of /etc/service with /usr/local/sbin/runsvdir-start" in said
    assert names(root / "usr/local/bin") == BIN | {"other"}
    assert names(root / "usr/local/sbin") == SBIN | {"runsvdir-start"}
    assert (root / "etc/service").is_dir()
    assert (root / "usr/local/bin/envdir").resolve().name == "chpst"
    once = files(root)
    install(unpacked, "--destdir", root)
    assert files(root) == once
    install(unpacked, "--uninstall", "--destdir", root)
    assert files(root) == {"usr/local/bin/other": once["usr/local/bin/other"]}
    assert names(root / "usr/local") == {"bin"} and (root / "etc/service").is_dir()
    assert "nothing is installed" in install(unpacked, "--uninstall", "--destdir", root, code=1).stderr


def test_it_does_not_write_over_what_is_not_its_own(unpacked, tmp_path):
    (tmp_path / "p/bin").mkdir(parents=True)
    (tmp_path / "p/bin/sv").write_text("another")
    words = ("--prefix", tmp_path / "p", "--services", tmp_path / "s")
    said = install(unpacked, *words, code=1).stderr
    assert said == f"install.sh: {tmp_path}/p/bin/sv is there, and is not of runwell (--force replaces it)\n"
    assert names(tmp_path / "p") == {"bin"} and names(tmp_path / "p/bin") == {"sv"}
    install(unpacked, *words, "--force")
    assert (tmp_path / "p/bin/sv").read_bytes() == (unpacked / "bin/sv").read_bytes()


def test_what_an_earlier_version_had_goes(unpacked, tmp_path):
    words = ("--prefix", tmp_path / "p p", "--services", tmp_path / "s")
    install(unpacked, *words, "--shutdown")
    assert SHUTDOWN <= names(tmp_path / "p p/sbin")
    completions = tmp_path / "p p/share/bash-completion/completions"
    assert SHUTDOWN <= names(completions)
    install(unpacked, *words)
    assert not SHUTDOWN & (names(tmp_path / "p p/sbin") | names(completions)) and BIN <= names(completions)
    install(unpacked, *words[:2], "--uninstall")
    assert not (tmp_path / "p p").exists()


@pytest.mark.parametrize(
    "words, said",
    [
        (["--prefix"], "install.sh: --prefix needs a directory"),
        (["--prefix", "usr"], "install.sh: --prefix usr: must begin with a slash"),
        (["--services=here"], "install.sh: --services here: must begin with a slash"),
        (["--nonsense"], "usage: ./install.sh [--prefix DIR] [--services DIR]"),
        (["name"], "usage: ./install.sh [--prefix DIR] [--services DIR]"),
    ],
)
def test_wrong_words_change_nothing(unpacked, words, said):
    assert install(unpacked, *words, code=1).stderr.startswith(said)


def test_help(unpacked):
    done = install(unpacked, "--help")
    assert "--uninstall" in done.stdout and done.stderr == ""


def test_a_program_that_runs_is_replaced_and_goes_on(unpacked, tmp_path):
    words = ("--prefix", tmp_path / "p", "--services", tmp_path / "s")
    install(unpacked, *words)
    world = World(tmp_path / "w", Suite(tmp_path / "p/bin", tmp_path / "p/sbin"))
    try:
        directory = world.service("a")
        process = world.runsv("a")
        wait_for_words(directory, "run")
        install(unpacked, *words)
        assert process.poll() is None
        assert world.sv("status", "a").stdout.startswith("run: a: (pid ")
    finally:
        world.close()


def test_it_works_in_a_root_of_busybox(unpacked, tmp_path):
    """No C library, no bash, no other tool than those of busybox; in namespaces of its own."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("needs busybox (Debian: busybox-static)")
    root = tmp_path / "root"
    for name in ("bin", "dev", "proc", "tmp", "etc"):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    shutil.copytree(unpacked, root / "tmp/runwell", symlinks=True)
    script = """
        /bin/busybox --install -s /bin
        mount -t proc proc /proc && mount -t tmpfs tmpfs /dev && mknod /dev/null c 1 3
        export PATH=/usr/sbin:/usr/bin:/bin SVDIR=/srv/services
        sh /tmp/runwell/install.sh --prefix /usr --services /srv/services || exit 1
        ln -s /tmp/runwell/examples/services/plain /srv/services/plain
        runsvdir-start &
        sv -w 20 start plain; sv status plain
        kill $!; wait $!
        sh /tmp/runwell/install.sh --prefix /usr --uninstall
        ls -A / /srv /srv/services
    """
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "chroot", root, "/bin/busybox", "sh", "-c",
         "PATH=/bin\n" + script],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done
    lines = done.stdout.splitlines()
    assert "sv looks for them there with: export SVDIR=/srv/services" in lines
    assert any(re.fullmatch(r"run: plain: \(pid \d+\) \d+s", line) for line in lines), done
    assert "usr" not in lines and lines[-1] == "plain"
