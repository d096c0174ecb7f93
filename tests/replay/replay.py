#!/usr/bin/env python3
"""Judges all tags that a repository has, as if they were pushed together, and prints what is found.

usage: replay.py REFGATE POLICY.toml GITDIR [--expected FILE] [--rule ID]...

Each line is `rule<TAB>tag<TAB>message`. With --expected, a file of lines `rule<TAB>tag<TAB>why it is right`, prints what
is found and not expected (`+`) and what is expected and not found (`-`), and fails if there is any.
The rules are those about tags, without those that judge what a project has only since it has the policy (annotated
tags, changelogs), unless --rule names them.
"""

import argparse
import json
import subprocess
import sys

ABOUT_ORDER = ["duplicate-version", "mismatched-tag", "misplaced-tag", "out-of-order-tag", "reserved-version",
               "unlisted-tag"]


def tags(git_dir):
    listed = subprocess.run(["git", "--git-dir", git_dir, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags"],
                            stdout=subprocess.PIPE, check=True, text=True)
    return [line.split(" ", 1) for line in listed.stdout.splitlines()]


def findings(refgate, policy, git_dir):
    pushed = tags(git_dir)
    null = "0" * len(pushed[0][0])
    refs = [f"--ref={name}={null}..{tip}" for tip, name in pushed]
    command = [refgate, "check", "--repo", git_dir, "--policy", policy, "--format", "json", *refs]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(f"refgate ended with {done.returncode}")
    report = json.loads(done.stdout)
    for open_question in report["unevaluated"]:
        sys.exit(f"undecided: {open_question['rule']}: {open_question['detail']}: {open_question['cause']}")
    return len(pushed), report["findings"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refgate")
    parser.add_argument("policy")
    parser.add_argument("git_dir")
    parser.add_argument("--expected")
    parser.add_argument("--rule", action="append")
    arguments = parser.parse_args()
    count, found = findings(arguments.refgate, arguments.policy, arguments.git_dir)
    rules = arguments.rule or ABOUT_ORDER
    rows = {(finding["rule"], finding["ref"].removeprefix("refs/tags/")): finding["message"]
            for finding in found if finding["rule"] in rules}
    if not arguments.expected:
        for (rule, tag), message in sorted(rows.items()):
            print(rule, tag, message, sep="\t")
        print(f"{count} tags, {len(rows)} findings", file=sys.stderr)
        return 0
    with open(arguments.expected, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    expected = {(rule, tag) for rule, tag, _why in lines}
    for rule, tag in sorted(rows.keys() - expected):
        print("+", rule, tag, rows[rule, tag], sep="\t")
    for rule, tag in sorted(expected - rows.keys()):
        print("-", rule, tag, sep="\t")
    print(f"{arguments.policy}: {count} tags, {len(rows)} findings, {len(rows.keys() ^ expected)} of them unlike the expected")
    return int(rows.keys() != expected)


if __name__ == "__main__":
    sys.exit(main())
