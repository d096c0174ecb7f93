#!/usr/bin/env python3
"""Pushes a real history to a real server with refgate's hooks, commit by commit, and prints what is refused.

usage: history.py REFGATE POLICY GITDIR [--branches PREFIX] [--branch NAME]... [--since SECONDS]

Every branch below PREFIX (refs/heads/; or those named) moves by its first-parent commits, in the order of their dates and no commit before its
parents; tags come when they were made. What is refused is put onto the server nevertheless, as its maintainers did, so
that each push is judged by what was there. Each refusal is a line `date<TAB>ref<TAB>commit<TAB>rule<TAB>message`; the last
line counts the pushes.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path


def git(directory, *words, check=True):
    done = subprocess.run(["git", "-C", directory, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        sys.exit(f"git {' '.join(words)}: {done.stdout.decode(errors='replace')}")
    return done.returncode, done.stdout.decode(errors="replace")


def lines(directory, *words):
    return git(directory, *words)[1].splitlines()


def branches(mirror, prefix, wanted):
    """The branches, the mainline first: a branch begins where its first-parent history leaves that of an earlier one."""
    listed = lines(mirror, "for-each-ref", "--format=%(refname)", prefix)
    names = [name.removeprefix(prefix) for name in listed if not name.endswith("/HEAD")]
    main = next((name for name in ("master", "main") if name in names), names[0])
    develop = [name for name in names if name == "develop"]
    rest = sorted(name for name in names if name not in (main, *develop))
    ordered = [*develop, main, *rest]
    return [name for name in ordered if not wanted or name in wanted]


def steps(mirror, prefix, names):
    """Every movement of every ref as (date, order, ref, object)."""
    seen, moves, order = set(), [], 0
    for name in names:
        chain = lines(mirror, "log", "--first-parent", "--reverse", "--format=%H %ct", f"{prefix}{name}")
        chain = [line.split(" ") for line in chain]
        own = [(commit, int(date)) for commit, date in chain if commit not in seen]
        if not own:
            own = [(chain[-1][0], int(chain[-1][1]))]
        newest = 0
        for commit, date in own:
            # A committer's clock can be wrong: nothing is older than what it stands on.
            newest = max(newest, date)
            order += 1
            moves.append((newest, order, f"refs/heads/{name}", commit))
        seen.update(commit for commit, _ in chain)
    for line in lines(mirror, "for-each-ref", "--format=%(creatordate:unix) %(objectname) %(refname)", "refs/tags"):
        date, tag, name = line.split(" ", 2)
        if date.isdigit():
            order += 1
            moves.append((int(date), order, name, tag))
    return sorted(moves)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("refgate")
    parser.add_argument("policy")
    parser.add_argument("mirror")
    parser.add_argument("--branches", default="refs/heads/", help="where the branches are")
    parser.add_argument("--branch", action="append", default=[])
    parser.add_argument("--since", type=int, default=0, help="seconds; what is older is there before the first push")
    arguments = parser.parse_args()
    mirror = str(Path(arguments.mirror).resolve())
    with tempfile.TemporaryDirectory() as folder:
        server = f"{folder}/server.git"
        git(folder, "init", "-q", "--bare", "--template=", "server.git")
        Path(server, "objects/info").mkdir(exist_ok=True)
        objects = git(mirror, "rev-parse", "--git-path", "objects")[1].strip()
        Path(server, "objects/info/alternates").write_text(str(Path(mirror, objects).resolve()) + "\n")
        subprocess.run([arguments.refgate, "install", "--repo", server, "--policy", arguments.policy],
                       check=True, stdout=subprocess.DEVNULL)
        pushes = refused = 0
        for date, _, name, value in steps(mirror, arguments.branches, branches(mirror, arguments.branches, arguments.branch)):
            if date < arguments.since:
                git(server, "update-ref", name, value)
                continue
            pushes += 1
            code, said = git(mirror, "push", "--quiet", "--no-verify", f"file://{server}", f"{value}:{name}", check=False)
            if code == 0:
                continue
            refused += 1
            findings = [line.removeprefix("remote:").strip() for line in said.splitlines() if "error[" in line]
            for finding in findings or [said.replace("\n", " ")]:
                print(date, name, value[:10], finding, sep="\t", flush=True)
            git(server, "update-ref", name, value)
        print(f"{pushes} pushes, {refused} refused")


main()
