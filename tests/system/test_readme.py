"""The tour by hand of README.md: its commands are run, and say what it says they say."""

import re
import subprocess

from harness import DEADLINE, ROOT, children, wait_until

PLACE = "/tmp/try"  # where README has it all happen


def steps():
    """Each command of the console blocks, with the lines that it is said to print."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def shape(lines):
    """What remains when process ids, times and dates differ."""
    return [re.sub(r"\d+", "N", line) for line in lines]


class Shell:
    """A bash that is told one command after the other."""

    def __init__(self, world):
        self.out = world.directory / "shell.out"
        out = open(self.out, "wb")
        self.bash = subprocess.Popen(
            ["bash"], stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=ROOT, env=world.suite.environment()
        )
        world.processes.append(self.bash)

    def says(self, command):
        before = self.out.stat().st_size
        self.bash.stdin.write(f"{command}\necho '<done>' $?\n".encode())
        self.bash.stdin.flush()
        wait_until(lambda: b"<done>" in self.out.read_bytes()[before:], command, 2 * DEADLINE)
        *lines, done = self.out.read_bytes()[before:].decode().splitlines()
        assert done == "<done> 0", (command, lines, done)
        return lines


def test_the_tour_by_hand_is_true(world):
    place = str(world.directory / "try")
    shell = Shell(world)
    for command, expected in steps():
        command = command.replace(PLACE, place).replace("$PWD/build/bin", str(world.suite.directories[0]))

        def is_so():
            said[:] = shell.says(command)
            return shape(said) == shape(expected)

        said = []
        if command.startswith("cat "):
            wait_until(is_so, f"{command}: {expected}")  # the log takes its time
        else:
            assert is_so(), (command, said, expected)
    assert children(shell.bash.pid) == []
    shell.bash.stdin.close()
    assert not (world.directory / "try").exists()
