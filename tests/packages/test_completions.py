"""What bash, zsh and fish complete, asked of the shells themselves."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from harness import DEADLINE, ROOT

COMPLETIONS = ROOT / "completions"
BIN = os.environ.get("RUNWELL_BIN", "build/bin")
SHELLS = ("bash", "zsh", "fish")
NAMES = {"sv", "svctl", "chpst", "setuidgid", "envuidgid", "envdir", "setlock", "softlimit", "pgrphack", "runsvdir", "runsv",
         "svlogd", "runsvchdir", "utmpset", "runit", "runit-init", "shutdown", "halt", "poweroff", "reboot", "telinit"}  # fmt: skip

BASH = """
directory=$1; shift
for file in "$directory"/*; do . "$file"; done
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
how=$(complete -p "$1") || exit 9
how=${how##*-F }
COMPREPLY=()
"${how%% *}" "$1" "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

# A terminal for zsh; what it would insert or list is captured where completions are added, and printed between marks.
ZSH = """
fpath=(%(directory)s $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' verbose yes
zstyle ':completion:*' list-separator '--'
compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return $?; fi
    typeset -a __hits __dscr __tmp
    if (( $@[(I)-d] )); then
        __tmp=${@[$[${@[(i)-d]}+1]]}
        if [[ $__tmp == \\(* ]]; then eval "__dscr=$__tmp"; else __dscr=("${(@P)__tmp}"); fi
    fi
    builtin compadd -A __hits -D __dscr "$@"
    setopt localoptions norcexpandparam extendedglob
    local n
    for n in {1..$#__hits}; do
        [[ -n $__hits[n] ]] && print -r -- "<<$__hits[n]|${__dscr[n]-}>>" >>%(answer)s
    done
    builtin compadd "$@"
}
"""


def bash(words, env, directory):
    done = subprocess.run(["bash", "--norc", "-c", BASH, "bash", directory / "bash", *words], env=env, cwd="/", capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0 and done.stderr == "", done
    return {word: "" for word in done.stdout.splitlines() if word}


def fish(words, env, directory):
    """A fish of a person who has the files where fish looks for them."""
    home = Path(env["HOME"]) / ".config/fish"
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "completions").is_symlink():
        (home / "completions").symlink_to(directory / "fish")
    done = subprocess.run(["fish", "-c", 'complete -C "$argv"', "--", " ".join(words)], env=env, cwd="/", capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    assert done.stderr == "", done
    return dict((line.split("\t", 1) + [""])[:2] for line in done.stdout.splitlines())


def zsh(words, env, directory, place):
    """Types the words and a tab to a zsh on a terminal, and reads what was added."""
    (place / "answer").unlink(missing_ok=True)
    (place / ".zshrc").write_text(ZSH % {"directory": directory / "zsh", "answer": place / "answer"} + "PS1='ready> '\n")
    process, terminal = pty.fork()
    if process == 0:
        os.chdir("/")
        os.execvpe("zsh", ["zsh", "-d", "-i"], {**env, "ZDOTDIR": str(place), "TERM": "dumb", "COLUMNS": "200"})
    try:
        read_until(terminal, b"ready> ")
        os.write(terminal, (" ".join(words) + "\t").encode())
        os.write(terminal, b"\x15print do''ne\r")  # control-U discards the line, and the next command answers
        read_until(terminal, b"done")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
    text = (place / "answer").read_text() if (place / "answer").exists() else ""
    found = re.findall(r"<<(.*?)\|(.*?)>>", text)
    return {word: re.sub(r"^.*?\s+-- ", "", said) if " -- " in said else "" for word, said in found}


def read_until(terminal, mark):
    """Reads until the mark stands there, and nothing more comes."""
    text, end = b"", time.monotonic() + DEADLINE
    while mark not in text:
        assert time.monotonic() < end, text
        if select.select([terminal], [], [], 0.1)[0]:
            text += os.read(terminal, 4096)
    return text


@pytest.fixture(params=SHELLS)
def complete(request, tmp_path):
    shell = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    services = tmp_path / "service"
    for name, stat in (("web", "run\n"), ("worker", "down\n"), ("database", "run, want down\n"), ("new", None), ("hidden", "finish\n")):
        (services / name / "log").mkdir(parents=True)
        if stat is not None:
            (services / name / "supervise").mkdir()
            (services / name / "supervise/stat").write_text(stat)
    (services / ".off").mkdir()
    (services / "file").write_text("")
    (tmp_path / "available/extra").mkdir(parents=True)
    (tmp_path / "sets/single").mkdir(parents=True)
    (tmp_path / "sets/current").symlink_to("single")
    # fish completes only commands that it finds; the test fails at the end if one of these was started.
    (tmp_path / "bin").mkdir()
    for name in NAMES:
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\necho {name} >>{tmp_path}/started\n")
        (tmp_path / "bin" / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path), "SVDIR": str(services), "LANG": "C.UTF-8",
           "SVAVAILABLE": str(tmp_path / "available"), "RUNSVDIR": str(tmp_path / "sets")}  # fmt: skip

    def ask(*words):
        if shell == "zsh":
            return zsh(words, env, COMPLETIONS, tmp_path)
        return {"bash": bash, "fish": fish}[shell](words, env, COMPLETIONS)

    ask.shell, ask.services = shell, services
    yield ask
    assert not (tmp_path / "started").exists()  # the completion only read files


COMMANDS_OF_SV = {"status", "up", "down", "once", "start", "stop", "restart", "shutdown", "reload", "check", "try-restart", "force-stop",
                  "force-reload", "force-restart", "force-shutdown", "term", "kill", "hup", "pause", "cont", "exit"}  # fmt: skip
SERVICES = {"web", "worker", "database", "new", "hidden"}
COMMANDS_OF_SVCTL = {"list", "status", "logs", "top", "watch", "start", "stop", "restart", "try-restart", "reload", "once", "kill",
                     "signal", "wait", "enable", "disable", "new", "cat", "edit", "lint", "is-active", "is-failed", "is-enabled",
                     "is-system-running", "help"}  # fmt: skip


def test_the_commands_of_sv(complete):
    found = complete("sv", "")
    assert COMMANDS_OF_SV <= set(found) and not SERVICES & set(found) - {"new"}
    if complete.shell != "bash":
        assert found["down"] == "stop: TERM and CONT"


def test_the_services_with_their_state(complete):
    found = complete("sv", "-w", "5", "up", "")
    assert set(found) == SERVICES
    if complete.shell != "bash":
        assert found == {"web": "run", "worker": "down", "database": "run, want down", "new": "not supervised", "hidden": "finish"}


def test_several_services_and_the_beginning_of_one(complete):
    assert set(complete("sv", "stop", "web", "wo")) == {"worker"}


def test_a_services_directory_that_is_not_there(complete):
    shutil.rmtree(complete.services)
    assert complete("sv", "up", "") == {}


def test_a_path_is_a_directory(complete):
    path = f"{complete.services}/w"
    assert {word.rstrip("/").rsplit("/", 1)[-1] for word in complete("sv", "status", path)} == {"web", "worker"}


def test_the_commands_of_svctl(complete):
    found = complete("svctl", "")
    assert set(found) == COMMANDS_OF_SVCTL
    if complete.shell != "bash":
        assert all(found.values())


def test_the_services_of_svctl(complete):
    found = complete("svctl", "restart", "--timeout", "5", "w")
    assert set(found) == {"web", "worker"}
    if complete.shell != "bash":
        assert found["worker"] == "down"


def test_signals_then_services(complete):
    assert {"HUP", "TERM", "USR1"} <= set(complete("svctl", "signal", ""))
    assert set(complete("svctl", "signal", "HUP", "")) == SERVICES


def test_what_may_be_enabled_is_elsewhere(complete):
    assert set(complete("svctl", "enable", "")) == {"extra"}


def test_another_services_directory(complete, tmp_path):
    (tmp_path / "other/alone").mkdir(parents=True)
    assert set(complete("svctl", "--svdir", str(tmp_path / "other"), "up", "")) == {"alone"}


def test_options_of_a_command(complete):
    found = set(complete("svctl", "enable", "--"))
    assert {"--now", "--down", "--available", "--no-wait"} <= found and "--initial" not in found


def options_of(command):
    """What `svctl COMMAND --help` has, long and short."""
    said = subprocess.run([ROOT / BIN / "svctl", *command, "--help"], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^ {2,6}(-[^\s,]+(?:, -[^\s,]+)*)", said, re.M)
    return {name for line in lines for name in line.split(", ")}


@pytest.mark.parametrize("command", [(), *((name,) for name in sorted(COMMANDS_OF_SVCTL))], ids=lambda c: " ".join(c) or "svctl")
def test_the_options_of_svctl_are_those_of_its_help(complete, command):
    # (That of `help` is that of svctl.)
    known = options_of(command) - ({"-V", "--version"} if command == ("help",) else set())
    assert {"--help", "--svdir", "--color"} < known | {"--json"}
    long = {word.rstrip("=") for word in complete("svctl", *command, "--") if word.startswith("--")}
    assert long == {name for name in known if name.startswith("--")}
    # (A shell may leave a short one out where there is a long one that does the same.)
    short = {word.rstrip("=") for word in complete("svctl", *command, "-") if re.fullmatch("-.", word)}
    assert short <= known and (complete.shell != "bash" or short == {name for name in known if not name.startswith("--")})


def test_what_an_option_takes_is_no_command_and_no_service(complete):
    for words in (("--color",), ("logs", "--since"), ("logs", "-n"), ("new", "--env"), ("top", "--refresh")):
        assert not SERVICES & set(complete("svctl", *words, ""))
    assert set(complete("svctl", "--color", "")) >= {"auto", "always", "never"}
    assert {"web", "worker"} <= set(complete("svctl", "logs", "-n", "5", "--since", "1h", "w"))


def test_the_commands_of_svctl_are_those_of_its_help():
    said = subprocess.run([ROOT / BIN / "svctl", "--help"], capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  ([a-z-]+) ", said.split("Options of all")[0], re.M)) == COMMANDS_OF_SVCTL


@pytest.mark.parametrize("command", sorted(COMMANDS_OF_SVCTL))
def test_the_manual_has_every_command_and_every_option(command):
    manual = (ROOT / "man/svctl.8").read_text()
    assert re.search(rf"Cm {command}\b", manual)
    long = {f"-{name}" for name in re.findall(r"\s(-[a-z][a-z-]+)", manual)}
    short = {f"-{letter}" for word in re.findall(r"Fl ([A-Za-z]+)\b", manual) for letter in word}
    missing = options_of((command,)) - long - short
    assert missing == set()


def test_a_name_with_a_space_is_one_word(complete):
    if complete.shell == "zsh":
        pytest.skip("zsh quotes it itself, when it inserts it")
    (complete.services / "two words").mkdir()
    assert set(complete("svctl", "up", "tw")) <= {"two\\ words", "two words", "'two words'"}
    assert len(complete("svctl", "up", "tw")) == 1


def test_chpst(complete):
    assert {"--no-new-privs", "--umask", "--cgroup"} <= {word.rstrip("=") for word in complete("chpst", "--")}
    assert "root" in complete("chpst", "-u", "roo")
    assert "realtime" in {word.rsplit("=", 1)[-1] for word in complete("chpst", "--io-class", "real") or complete("chpst", "--io-class=real")}
    assert "env" in complete("chpst", "-P", "-n", "5", "en")


def test_the_names_of_chpst(complete):
    assert "root" in complete("setuidgid", "roo")
    assert {word.rstrip("/") for word in complete("envdir", str(complete.services)[:-2])} >= {str(complete.services)} or complete.shell == "zsh"


def test_the_supervisors(complete):
    assert {"-P", "-W"} <= set(complete("runsvdir", "-"))
    assert {"-t", "-L"} <= set(complete("svlogd", "-"))
    assert set(complete("runsvchdir", "")) == {"single"}
    assert {"0", "6"} <= set(complete("runit-init", ""))


def test_shutdown_and_its_names(complete):
    assert {"-r", "-h", "-f"} <= set(complete("shutdown", "-"))
    assert "now" in complete("shutdown", "n")
    assert "-f" in complete("reboot", "-")
    assert {"0", "1", "6", "S", "q"} <= set(complete("telinit", ""))


def test_every_command_has_a_file_that_the_shells_look_for():
    """bash and fish load what is named after the command; zsh reads the first line."""
    assert {p.name for p in (COMPLETIONS / "bash").iterdir()} == NAMES
    assert {p.stem for p in (COMPLETIONS / "fish").iterdir()} == NAMES
    lines = [p.read_text().splitlines()[0].split() for p in (COMPLETIONS / "zsh").iterdir()]
    assert sorted(name for line in lines if line[0] == "#compdef" for name in line[1:]) == sorted(NAMES)
