"""Makes list.svg: what `svctl list` shows of a few services on a terminal.

    ./dev build && /usr/bin/python3 docs/pictures/list.py
"""

import subprocess
from pathlib import Path

from ansi_to_svg import to_svg
from services import supervised

COLUMNS = 92


def main():
    with supervised() as environment:
        shown = subprocess.run(["svctl", "--color=always", "list"], env=environment, text=True, stdout=subprocess.PIPE).stdout
    Path(__file__).with_name("list.svg").write_text(to_svg(shown, COLUMNS, "svctl list"))


if __name__ == "__main__":
    main()
