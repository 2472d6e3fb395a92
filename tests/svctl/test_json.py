"""--json: every member of svctl(8) is present, is as described there, and there is no other."""

import json
import os
import re

import harness
import jsonschema
import pytest
from harness import ROOT, wait_until

TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
BOOLEAN, STRING, COUNT = {"type": "boolean"}, {"type": "string"}, {"type": "integer", "minimum": 0}


def maybe(what):
    return {"anyOf": [what, {"type": "null"}]}


def exactly(**members):
    """An object of these members, all of them and no others."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def list_of(what):
    return {"type": "array", "items": what}


STATE = {
    "state": {"enum": ["run", "paused", "finish", "down", "unsupervised", "hidden", "broken", "missing"]},
    "wanted": {"enum": ["up", "down", None]},
    "pid": maybe({"type": "integer", "minimum": 1}),
    "since": maybe(TIME),
    "seconds": maybe({"type": "number", "minimum": 0}),
    "paused": BOOLEAN,
    "got_term": BOOLEAN,
    "down_file": BOOLEAN,
    "fails": BOOLEAN,
}
SERVICE = {
    "name": STRING,
    **STATE,
    "log": maybe(exactly(**STATE)),
    "cpu_seconds": maybe({"type": "number", "minimum": 0}),
    "memory_bytes": maybe(COUNT),
    "memory_kind": {"enum": ["pss", "rss", None]},
    "processes": COUNT,
    "command": maybe(STRING),
}
FINDINGS = list_of(exactly(cause=STRING, cure=STRING))
PROCESS = exactly(pid=COUNT, parent=COUNT, cpu_seconds={"type": "number"}, memory_bytes=COUNT, memory_kind={"enum": ["pss", "rss"]},
                  command=STRING)
STOPPING = maybe(exactly(seconds=maybe({"type": "number", "minimum": 0}), kill_in=maybe({"type": "number", "minimum": 0}),
                         alive=list_of(exactly(pid=COUNT, command=STRING))))
IN_FULL = {
    "path": STRING,
    "target": maybe(STRING),
    "files": list_of(exactly(path=STRING, executable=BOOLEAN)),
    "tree": list_of(PROCESS),
    "values": list_of(exactly(file=STRING, value=STRING, understood=BOOLEAN)),
    "contained_by": {"enum": ["cgroup", "subreaper", None]},
    "stopping": STOPPING,
    "findings": FINDINGS,
    "said": list_of(exactly(at=maybe(TIME), text=STRING)),
}
SCHEMAS = {
    "list": exactly(directory=STRING, services=list_of(exactly(**SERVICE))),
    "status": exactly(directory=STRING, services=list_of(exactly(**SERVICE, **IN_FULL))),
    "wait": exactly(directory=STRING, met=BOOLEAN, services=list_of(exactly(**SERVICE, met=BOOLEAN, stopping=STOPPING, findings=FINDINGS))),
    "watch": exactly(at=TIME, event={"enum": ["found", "changed", "appeared", "vanished"]}, name=STRING, **STATE,
                     before=maybe(exactly(**STATE))),
}


@pytest.fixture
def zoo(any_services):
    """A service of every kind."""
    any_services.running("web", "#!/bin/sh\nsleep 1000 &\nwait\n", check="#!/bin/sh\n", log__run="#!/bin/sh\nexec cat >/dev/null\n")
    any_services.supervise("idle", down="")
    any_services.fake("paused", pid=os.getpid(), phase=1, paused=1)
    any_services.fake("leaving", pid=os.getpid(), phase=1, want="d", got_term=1)
    any_services.fake("finishing", pid=os.getpid(), phase=2)
    any_services.fake("broken", status=b"short")
    any_services.make("alone")
    any_services.make("a\nname\xff")
    (any_services.directory / "missing").symlink_to("/nowhere/at/all")
    return any_services


@pytest.mark.parametrize("command", ["list", "status"])
def test_list_and_status_are_as_documented(zoo, command):
    said = json.loads(zoo.svctl(command, "--json", "*").stdout)
    jsonschema.validate(said, SCHEMAS[command])
    kinds = {one["name"]: one["state"] for one in said["services"]}
    assert kinds == {"web": "run", "idle": "down", "paused": "paused", "leaving": "run", "finishing": "finish",
                     "broken": "broken", "alone": "unsupervised", "missing": "missing", "a\nname\xff": "unsupervised"}


def test_wait_is_as_documented(zoo):
    said = zoo.svctl("wait", "--json", "--timeout", "0", "web", "idle")
    told = json.loads(said.stdout)
    jsonschema.validate(told, SCHEMAS["wait"])
    assert (said.returncode, said.stderr, told["met"]) == (6, "", False)
    assert told["services"][1]["findings"][0]["cause"] == "idle: not up after 0 s: down, wanted down"


@pytest.mark.parametrize("command", ["start", "stop", "restart", "try-restart", "reload", "once", "kill", "signal TERM"])
def test_what_controls_is_as_documented(zoo, command):
    said = zoo.svctl(*command.split(), "--json", "web", "idle")
    told = json.loads(said.stdout)
    jsonschema.validate(told, SCHEMAS["wait"])
    assert said.stderr == "" and told["met"] == (said.returncode == 0)
    assert all(one["met"] != bool(one["findings"]) for one in told["services"])


def test_enable_and_disable_are_as_documented(zoo):
    zoo.world.service("available/later")
    for words in (("enable", "--no-start", "--available", zoo.available), ("disable",)):
        said = zoo.svctl(words[0], "--json", *words[1:], "later")
        told = json.loads(said.stdout)
        jsonschema.validate(told, SCHEMAS["wait"])
        assert (told["met"], [one["name"] for one in told["services"]], said.returncode) == (True, ["later"], 0)


def test_watch_is_as_documented(zoo):
    zoo.world.start("svctl", "watch", "--json", "--initial", env=harness.ours().environment(SVDIR=zoo.directory))
    out = zoo.world.directory / "svctl.out"
    wait_until(lambda: len(out.read_text().splitlines()) >= 10, "all have been found")
    harness.control(zoo.directory / "web", "d")
    (zoo.directory / "missing").unlink()

    def events():
        return [json.loads(line) for line in out.read_text().splitlines(keepends=True) if line.endswith("\n")]

    wait_until(lambda: {"found", "changed", "vanished"} <= {e["event"] for e in events()}, "three kinds of events")
    for event in events():
        jsonschema.validate(event, SCHEMAS["watch"])


def test_the_manual_names_every_member():
    text = re.search(r"^\.Sh JSON$(.*?)^\.Sh ", (ROOT / "man/svctl.8").read_text(), re.M | re.S)[1]
    words = set(re.findall(r"\w+", text))
    members = {*SERVICE, *IN_FULL, *PROCESS["properties"], "directory", "services", "met", "cause", "cure", "executable", "text", "file", "value",
               "understood", "kill_in", "alive",
               *SCHEMAS["watch"]["properties"]}
    assert members - words == set()
