#!/usr/bin/env python3
"""Pushes to many repositories at once while hooks are killed: nothing is accepted unjudged, and nothing is lost.

    python3 tests/storm.py [--pushes 1000] [--repositories 20] [--binary target/debug/refgate]

Every repository has the hooks that `refgate install` makes, with a program in the place of refgate that kills it in one
run of four, at any moment. Every other push is one that the policy refuses. Afterwards each ref that landed has its
acceptance on record, no ref landed that the policy refuses, a push that git called good is there and one that it called
bad is not, and every line of the log is whole.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

POLICY = """schema = 1
name = "storm"
[[line]]
name = "main"
branch = "main"
role = "mainline"
[[line]]
name = "topic"
branch = "topic/**"
role = "topic"
"""

# A kill may come before, during or after the judging.
FLAKY = """#!/bin/sh
[ $(($(od -An -N1 -tu1 /dev/urandom) % 4)) = 0 ] || exec {binary} "$@"
exec 3<&0
{binary} "$@" <&3 &
sleep 0.00$(($(od -An -N1 -tu1 /dev/urandom) % 10))
kill -9 $! 2>/dev/null
wait $!
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pushes", type=int, default=1000)
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--binary", default="target/debug/refgate")
    options = parser.parse_args()
    binary = pathlib.Path(options.binary).resolve()
    with tempfile.TemporaryDirectory() as folder:
        storm(pathlib.Path(folder), binary, options.pushes, options.repositories)


def storm(folder, binary, pushes, repositories):
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
        **{f"GIT_{who}_{what}": "storm@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def run(*words, directory=folder, check=True):
        return subprocess.run(words, cwd=directory, env=environment, check=check, capture_output=True, text=True)

    client = folder / "client.git"
    run("git", "init", "--quiet", "--bare", str(client))
    tree = run("git", "hash-object", "-t", "tree", "-w", "/dev/null", directory=client).stdout.strip()
    commit = run("git", "commit-tree", "-m", "fix: storm", tree, directory=client).stdout.strip()
    (folder / "policy.toml").write_text(POLICY)
    flaky = folder / "flaky"
    flaky.write_text(FLAKY.format(binary=binary))
    flaky.chmod(0o755)
    servers = [folder / f"{at}.git" for at in range(repositories)]
    for server in servers:
        run("git", "init", "--quiet", "--bare", str(server))
        install = ["install", "--repo", ".", "--policy", str(folder / "policy.toml"), "--log", str(server / "log")]
        run(str(binary), *install, directory=server)
        for hook in (server / "hooks").iterdir():
            text = hook.read_text()
            if "# refgate-hook " in text:
                hook.write_text("\n".join(f"refgate={flaky}" if line.startswith("refgate=") else line
                                          for line in text.split("\n")))

    def push(at):
        server = servers[at % repositories]
        name = f"refs/heads/{'topic' if at // repositories % 2 == 0 else 'bad'}/{at}"
        pushed = run("git", "push", "--quiet", str(server), f"{commit}:{name}", directory=client, check=False)
        return server, name, pushed.returncode == 0

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(push, range(pushes)))

    faults, landed, records = [], 0, 0
    for server in servers:
        refs = set(run("git", "for-each-ref", "--format=%(refname)", directory=server).stdout.split())
        accepted = set()
        log = server / "log"
        text = log.read_text() if log.exists() else ""
        if text and not text.endswith("\n"):
            faults.append(f"{server.name}: the log ends in the middle of a line")
        for line in text.splitlines():
            records += 1
            try:
                report = json.loads(line).get("report", {})
            except ValueError:
                faults.append(f"{server.name}: a line of the log is not whole: {line[:80]}")
                continue
            if report.get("verdict") == "accepted":
                accepted.update(update["ref"] for update in report["updates"])
        landed += len(refs)
        faults += [f"{server.name}: {name} landed without an acceptance" for name in refs - accepted]
        faults += [f"{server.name}: {name} landed" for name in refs if "/bad/" in name]
        for pushed_to, name, is_good in results:
            if pushed_to == server and is_good != (name in refs):
                faults.append(f"{server.name}: git called {name} {'good' if is_good else 'bad'}")
    print(f"{pushes} pushes to {repositories} repositories: {landed} landed, {records} records, {len(faults)} faults")
    if faults:
        sys.exit("\n".join(faults[:20]))
    # Half are good, and of those more than half are not killed.
    if not pushes / 5 < landed <= pushes / 2:
        sys.exit("that cannot be: hooks are killed in one run of four")


main()
