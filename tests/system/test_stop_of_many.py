"""runsvdir(8) -W: a stop of many services takes as long as the slowest of them may take."""

import signal
import time

from harness import alive, pid_of, wait_for_words, wait_until
from runsv_scenes import sane  # noqa: F401

STUBBORN = "#!/usr/bin/python3\nimport signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen('deaf', 'w').close()\nsignal.pause()\nwhile True: signal.pause()\n"


def test_one_stubborn_service_among_many_delays_the_others_not_and_the_end_by_its_limit(world):
    names = [f"s{n}" for n in range(20)]
    for name in names:
        world.service(f"sv/{name}", STUBBORN if name == "s0" else "#!/bin/sh\nexec sleep 1000\n",
                      **{"timeout-kill": "1s\n"} if name == "s0" else {})
    process = world.start("runsvdir", "-W", "sv")
    for name in names:
        wait_for_words(world.directory / "sv" / name, "run")
    wait_until(lambda: (world.directory / "sv/s0/deaf").exists(), "the trap")
    stubborn = pid_of(world.directory / "sv/s0")
    pids = [pid_of(world.directory / "sv" / name) for name in names[1:]]
    process.send_signal(signal.SIGTERM)
    wait_until(lambda: not any(map(alive, pids)), "the others")
    assert alive(stubborn), "the others have not waited for it"
    process.wait(30)
    assert process.returncode == 111 or process.returncode == 0
    assert not alive(stubborn)
