"""The stage files of examples/runit: stopping services in order, each in its time. All of them boot in tests/boot."""

import shutil
import signal

import pytest
from harness import ROOT, wait_until
from namespace import Machine

pytestmark = pytest.mark.shipped


def test_stage_3_stops_all_services_at_once_and_says_who_was_slow(world):
    machine = Machine(world)
    for stage in ("2", "3", "ctrlaltdel"):
        shutil.copy(ROOT / "examples/runit" / stage, machine.stages / stage)
    # These scripts know no /suite: their programs are put where they look.
    local = machine.root / "usr-local-bin"
    machine.world.write("root/prepare", '#!/bin/sh\nmount --bind "$1/usr-local-bin" "$1/usr/local/bin"\n')
    local.mkdir()
    for program in ("runsvdir", "runsv", "sv"):
        (local / program).symlink_to(f"/suite/{program}")
    machine.stage("1", "")
    up = "echo x >/run/{0}; while :; do sleep 0.05; done"
    services = {
        "quick": "trap 'exit 0' TERM; " + up,
        "slow": "trap 'until [ -e /run/go ]; do sleep 0.05; done; exit 0' TERM; " + up,
        "stubborn": "trap '' TERM; " + up,
    }
    for name, script in services.items():
        world.service(f"root/etc/service/{name}", "#!/bin/sh\n" + script.format(name) + "\n")
    (machine.root / "etc/service/stubborn/timeout-kill").write_text("2s\n")
    (machine.root / "etc/service/slow/timeout-kill").write_text("2m\n")
    world.service("root/etc/service/logged", "#!/bin/sh\ntrap 'echo last words; exit' TERM; echo x >/run/logged; "
                  "while :; do sleep 0.05; done\n", log__run="#!/bin/sh\nexec cat >/run/log\n")  # fmt: skip
    machine.boot()
    for name in (*services, "logged"):
        wait_until(lambda: machine.marks(name), f"{name} runs")
    machine.signal(signal.SIGINT)
    waiting = "3: waiting for /etc/service/slow, which is killed in 117 seconds"
    wait_until(lambda: waiting in machine.lines, "a word about the slow one")
    (machine.root / "run/go").touch()
    assert machine.ends() == "reboot", "as ctrlaltdel has asked for"
    told = [line for line in machine.lines if line.startswith("3: ")]
    assert told[0] == "3: stopping the services"
    assert "3: stubborn did not end within 2 seconds, and was killed" in [t.replace("/etc/service/", "") for t in told]
    assert any(line.startswith("3: /etc/service/slow took ") for line in told)
    assert not any("quick" in line for line in told)
    assert (machine.root / "run/log").read_text() == "last words\n"
