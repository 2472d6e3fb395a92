"""What svctl answers to words that it does not know: every command that an answer names is typed, and works."""

import re
import subprocess

import harness
import pytest
from harness import ROOT

WORDS = (ROOT / "src/svctl/words.cc").read_text()


def words_of(table, *meanings):
    """The words of the rows of a table of words.cc that have one of these meanings."""
    rows = re.search(rf"^constexpr word_row {table}\[\] = \{{$(.*?)^\}};", WORDS, re.M | re.S)[1]
    return [word for meaning, words in re.findall(r'\{meaning::(\w+), "([^"]*)"', rows) if meaning in meanings for word in words.split()]


ANSWERED = words_of("word_rows", "nothing", "other")
MEANT = words_of("word_rows", "similar")
OPTIONS = words_of("option_rows", "other")

# These would end the machine, or switch to another set of services.
NOT_TYPED = {"poweroff", "halt", "reboot", "isolate", "set-default"}


def commands_in(cure):
    """svctl, if it reads …; else: svctl …  A command ends where the sentence goes on."""
    return [re.split(r", |; |'\?| and in ", found)[0] for found in re.findall(r"\bsvctl .*?(?=, (?:and|if|then|or)\b|; |$|'\?)", cure)]


@pytest.fixture
def web(services):
    """One service that is enabled, runs and has a log; another that is not enabled."""
    run = "#!/bin/sh\nexec 2>&1\nexec sleep 1000\n"
    services.world.service("available/other", run)
    web = services.world.service("available/web", run, log__run="#!/bin/sh\nexec svlogd ./main\n", log__main__config="n5\n")
    (services.directory / "web").symlink_to(web)
    services.world.start("runsvdir", "-P", services.directory)
    services.until_status("web", now="run")
    services.until_status("web/log", now="run")
    return services


def type_(services, command, name):
    """Into a shell, as it was printed. What goes on for ever is ended; the editor changes nothing."""
    told = {"SVDIR": services.directory, "SVAVAILABLE": services.available, "EDITOR": "true", "LC_ALL": "C.UTF-8"}
    command = command.replace("NAME", name).replace("TIME", "1h")
    ends = "" if re.search(r"logs -f|watch|\btop\b", command) is None else "timeout 1 "
    if command == "svctl top":
        return None
    done = subprocess.run(["sh", "-c", ends + command], env=harness.ours().environment(**told), capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode in ((124,) if ends else (0,)), (command, done.stdout, done.stderr)
    return done


def target_of(command):
    return "other" if re.match("svctl (enable|list --available)", command) else "web"


@pytest.mark.parametrize("word", ANSWERED)
def test_a_word_of_other_systems_is_answered_with_a_command_that_works(web, word):
    said = web.svctl(word)
    assert said.stdout == "" and said.returncode in (0, 2)
    cure = said.stderr.splitlines()[-1]
    if word in NOT_TYPED:
        return
    commands = commands_in(cure)
    assert commands, cure
    for command in commands:
        web.svctl("start", "web")  # each is an answer by itself
        type_(web, command, target_of(command))


@pytest.mark.parametrize("word", MEANT)
def test_a_word_that_means_a_command_is_answered_with_it(web, word):
    name = [] if word in ("services", "units", "ps", "status-all", "all", "ls", "failed", "man", "usage", "htop", "disabled", "available") else ["web"]
    said = web.svctl(word, *name)
    assert said.returncode == 2, said
    commands = commands_in(said.stderr)
    assert len(commands) == 1, said.stderr
    command = commands[0]
    if command.startswith(("svctl enable", "svctl new")):
        command = re.sub(r"\bweb\b", "other" if "enable" in command else "fresh -- sleep 1000", command)
    if command.startswith("svctl list --failed"):
        command += " || [ $? -eq 3 ]"
    type_(web, command, "web")


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_of_other_systems_is_answered(web, option):
    command = "logs" if option in ("-b", "--boot", "-k", "--dmesg", "-e", "-x", "-xe", "--tail") else "status"
    said = web.svctl(command, option, "web")
    assert said.returncode == 2 and len(said.stderr.splitlines()) == 2, said
    cure = said.stderr.splitlines()[1].removeprefix("svctl: ")
    if "leave it out" in cure:
        type_(web, f"svctl {command} web", "web")
    elif instead := re.search(r": (-n 100|--user)$|word for it is (--[a-z-]+)", cure):
        option = instead[1] or instead[2]
        option += " 3" if option == "--lines" else ""
        type_(web, f"svctl {'restart' if option == '--no-wait' else command} {option} web", "web") if option != "--user" else None
    for typed in re.findall("(?<=: )svctl .*", cure):
        type_(web, typed, "web")
