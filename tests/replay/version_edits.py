#!/usr/bin/env python3
"""Draws a sample of commits that may edit a version, to be read by hand against what `hand-edited-version` says.

usage: version_edits.py REFGATE [--sample N] [--seed N] GITDIR...

Of the last 2,000 commits without merges of each repository's HEAD, those that change a line with something like a version
in a file that is named like a manifest. Each is judged as an update of its own by a policy that has nothing but the rule.
Prints, for each commit of the sample, the files of its findings and the changed lines.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile

POLICY = 'schema = 1\nname = "probe"\n[rules.hand-edited-version]\nlevel = "refuse"\n'
MANIFEST = re.compile(
    r"(^|/)(Cargo\.(toml|lock)|pyproject\.toml|setup\.(cfg|py)|__init__\.py|_?version\.(py|rb)|__about__\.py|"
    r"package(-lock)?\.json|pom\.xml|build\.gradle(\.kts)?|gradle\.properties|[^/]*\.(gemspec|csproj|spec)|"
    r"Directory\.Build\.props|CMakeLists\.txt|meson\.build|configure\.ac|changelog|Chart\.yaml|VERSION|Makefile)$", re.I)
LINE = re.compile(r"^[+-](?![+-]).*(version|\(.*\d\.\d.*\) )|^[+-]\s*v?\d+\.\d+", re.I)


def git(git_dir, *arguments):
    done = subprocess.run(["git", "--git-dir", git_dir, *arguments], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode(errors="replace")


def changed_lines(git_dir, commit):
    names = git(git_dir, "diff-tree", "-r", "--root", "--no-commit-id", "--name-only", commit).splitlines()
    manifests = [name for name in names if MANIFEST.search(name)]
    if not manifests:
        return []
    diff = git(git_dir, "diff-tree", "--root", "-p", "-U0", "--no-commit-id", commit, "--", *manifests)
    return [line for line in diff.splitlines() if line.startswith("+++ ") or LINE.search(line)]


def judged(refgate, policy, git_dir, commit, parent):
    update = f"--ref=refs/heads/x={parent}..{commit}"
    command = [refgate, "check", "--repo", git_dir, "--policy", policy, "--format", "json", update]
    done = subprocess.run(command, stdout=subprocess.PIPE)
    if done.returncode not in (0, 1):
        sys.exit(f"{git_dir}: {commit}: refgate ended with {done.returncode}")
    found = json.loads(done.stdout)["findings"]
    return [finding["path"] for finding in found if finding["rule"] == "hand-edited-version"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refgate")
    parser.add_argument("repositories", nargs="+", metavar="GITDIR")
    parser.add_argument("--sample", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261121)
    arguments = parser.parse_args()
    candidates = []
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as policy:
        policy.write(POLICY)
        policy.flush()
        for git_dir in arguments.repositories:
            listed = git(git_dir, "rev-list", "--no-merges", "--parents", "-n", "2000", "HEAD").splitlines()
            pairs = [line.split() for line in listed if " " in line]
            with_findings = 0
            for commit, parent in pairs:
                paths = judged(arguments.refgate, policy.name, git_dir, commit, parent)
                with_findings += bool(paths)
                lines = changed_lines(git_dir, commit)
                if paths or any(not line.startswith("+++ ") for line in lines):
                    candidates.append((git_dir, commit, paths, lines))
            print(f"{git_dir}: {len(pairs)} commits, {with_findings} with findings")
    print(f"{len(candidates)} candidates")
    random.seed(arguments.seed)
    for git_dir, commit, paths, lines in random.sample(candidates, min(arguments.sample, len(candidates))):
        print(f"\n{git_dir} {commit} {git(git_dir, 'log', '-1', '--format=%s', commit).strip()}")
        print(f"  found: {', '.join(paths) or 'nothing'}")
        print("".join(f"  {line}\n" for line in lines[:40]), end="")


if __name__ == "__main__":
    main()
