"""Makes top.svg: what `svctl top` shows of a few services, in a terminal that tmux plays.

    ./dev build && /usr/bin/python3 docs/pictures/top.py
"""

import subprocess
import time
from pathlib import Path

from ansi_to_svg import to_svg
from services import supervised

COLUMNS, LINES = 92, 14
TERMINAL = ["tmux", "-L", "svctl-picture"]


def tmux(*arguments, environment):
    return subprocess.run([*TERMINAL, *arguments], env=environment, check=True, text=True, stdout=subprocess.PIPE).stdout


def main():
    with supervised() as environment:
        environment.pop("TMUX", None)
        size = ["-x", str(COLUMNS), "-y", str(LINES)]
        tmux("-f", "/dev/null", "new-session", "-d", *size, "svctl top --refresh 0.5", environment=environment)
        try:
            time.sleep(2)  # two measurements, for the share of the processor
            tmux("send-keys", "Down", environment=environment)
            time.sleep(0.5)
            shown = tmux("capture-pane", "-p", "-e", environment=environment)
        finally:
            tmux("kill-server", environment=environment)
    Path(__file__).with_name("top.svg").write_text(to_svg(shown, COLUMNS, "svctl top"))


if __name__ == "__main__":
    main()
