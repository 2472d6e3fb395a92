#!/usr/bin/env python3
"""Runs `svctl lint` over the run scripts of published packages, and counts what it finds.

    tests/svctl/lint_scripts.py DIRECTORY [--svctl build/bin/svctl] [--verdicts FILE]

DIRECTORY holds service directories, at any depth: the files `run` and `log/run` of Debian's packages, of srcpkgs/*/files of Void,
of the *-runit packages of Artix. None of them is in this repository; whoever measures fetches them.

What depends on this machine is checked against this machine: a program that is not installed, a user who does not exist. The
rest is for a person to judge. FILE holds the judgements, one a line: right or wrong, the rule, and the path below DIRECTORY. What
has none is listed as open; exits 1 when more than 1 % of the scripts have a wrong finding, or when one is open.
"""

import argparse
import collections
import grp
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

USUAL = "/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin"


def is_account(account):
    """What chpst -u takes."""
    user, *groups = account.lstrip(":").split(":")
    try:
        return bool([pwd.getpwnam(user), *map(grp.getgrnam, groups)]) if not account.startswith(":") else True
    except KeyError:
        return False


def is_true_here(finding):
    """Whether a finding about this machine holds; None: it is not about this machine."""
    words, service = finding["what"], Path(finding["path"]).parent
    if match := re.fullmatch(r"there is no (\S+) (?:in PATH )?on this machine", words):
        program = match[1]
        return not (service / program).exists() if "/" in program else shutil.which(program, path=USUAL) is None
    if match := re.fullmatch(r"there is no such user or group on this machine: (\S+)", words):
        return not is_account(match[1])
    if match := re.fullmatch(r"the interpreter of \S+, (\S+), (?:cannot be found: .*|is not found by env)", words):
        return shutil.which(match[1], path=USUAL) is None
    if match := re.fullmatch(r"svlogd is to log to (\S+), and there is no such directory", words):
        return not Path(match[1].strip("'")).exists()
    if finding["rule"] == "missing":
        return not Path(finding["path"]).exists()
    return None


def main():
    wanted = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    wanted.add_argument("directory", type=Path)
    wanted.add_argument("--svctl", default="build/bin/svctl")
    wanted.add_argument("--verdicts", type=Path)
    asked = wanted.parse_args()

    scripts = [path for path in asked.directory.rglob("run") if path.is_file()]
    services = sorted({path.parent.parent if path.parent.name == "log" else path.parent for path in scripts})
    said = subprocess.run([asked.svctl, "lint", "--json", *services], capture_output=True, text=True, check=False,
                          env=os.environ | {"SVDIR": "/nowhere"})  # fmt: skip
    findings = json.loads(said.stdout)["findings"]

    judged = {}
    if asked.verdicts:
        for line in asked.verdicts.read_text().splitlines():
            verdict, rule, path = line.split(maxsplit=2)
            judged[rule, path] = verdict

    counts, wrong, open_ = collections.defaultdict(collections.Counter), [], []
    for one in findings:
        path = os.path.relpath(one["path"], asked.directory)
        here = is_true_here(one)
        verdict = judged.get((one["rule"], path), "open") if here is None else "right" if here else "wrong"
        counts[one["severity"], one["rule"]][verdict] += 1
        if verdict != "right":
            (wrong if verdict == "wrong" else open_).append(f"{path}:{one['line'] or ''}: {one['what']} [{one['rule']}]")

    print(f"{len(scripts)} scripts of {len(services)} services, {len(findings)} findings")
    for (severity, rule), verdicts in sorted(counts.items()):
        print(f"  {severity:8}{rule:20}" + ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items())))
    for kind, lines in (("wrong", wrong), ("open", open_)):
        for line in sorted(lines):
            print(f"{kind}: {line}")
    share = len(set(wrong)) / max(len(scripts), 1)
    print(f"false alarms: {len(set(wrong))} in {len(scripts)} scripts, {share:.2%}")
    return 0 if share <= 0.01 and not open_ else 1


if __name__ == "__main__":
    sys.exit(main())
