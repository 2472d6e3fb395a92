"""The services that the pictures show, under a runsvdir of their own."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

BIN = Path(os.environ.get("RUNWELL_PICTURES_BIN") or Path(__file__).resolve().parent.parent.parent / "build/bin")

LOG = "#!/bin/sh\nexec cat >/dev/null\n"
SERVICES = {
    "database": {"run": "#!/bin/sh\nexec sleep 86400\n", "log/run": LOG},
    "mail": {"run": "#!/bin/sh\nexec sleep 86400\n", "down": ""},
    "queue": {"run": "#!/bin/sh\nexec false\n", "log/run": LOG},
    "web": {"run": "#!/bin/sh\nsleep 86400 &\nsleep 86400 &\nexec sleep 86400\n"},
    "young": {"run": "#!/bin/sh\nexec sleep 86400\n", "down": ""},
}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755 if text.startswith("#!") else 0o644)


@contextlib.contextmanager
def supervised():
    """The environment in which svctl finds them: some of age, one that has just been started."""
    tree = Path(tempfile.mkdtemp(prefix="picture-"))
    for name, files in SERVICES.items():
        for path, text in files.items():
            write(tree / name / path, text)
    environment = {**os.environ, "SVDIR": str(tree), "PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    runsvdir = subprocess.Popen([BIN / "runsvdir", "-W", tree], env=environment)
    try:
        subprocess.run(["svctl", "wait", "database", "web"], env=environment, check=True, stdout=subprocess.DEVNULL)
        time.sleep(6)  # so that not all of them are young
        subprocess.run(["svctl", "start", "young"], env=environment, check=True, stdout=subprocess.DEVNULL)
        yield environment
    finally:
        runsvdir.terminate()
        runsvdir.wait()
        shutil.rmtree(tree)
