#!/usr/bin/env python3
"""Measures `refgate landed` against labelled picks of real repositories.

usage: measure.py REFGATE TRUTH.tsv NAME=GITDIR... [--trailers] [--misses FILE] [--no-cherry] [--last N]

TRUTH.tsv has the columns repo, mainline_ref, branch_ref, branch_commit, mainline_commit (or -), evidence, accept (other
right answers, or -), note. For each repository that is named with its git directory:

  labelled   branch commits with a known original
  recall     of those, how many are `landed`, in percent
  reverted   how many more are `reverted` and name a right commit
  partial    how many more are `partial` and name a right commit
  probable   how many more are `probable` and name a right commit
  wrong      how many are `landed` as a commit that is not a right answer
  none       branch commits known to have no original, and how many of these are `landed` all the same
  knock-out  of the labelled, how many are still `landed` when the original is taken away (`--without`)
  others     with --last: how many of the last N commits have another answer where only they are asked about
  cherry     what `git cherry` recognises of the labelled, in percent
"""

import argparse
import collections
import json
import subprocess
import sys
import tempfile


def landed(refgate, git_dir, branch, mainline, extra):
    command = [refgate, "landed", "--repo", git_dir, "--from", branch, "--to", mainline, "--no-cache", "--format", "json", *extra]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    report = json.loads(done.stdout)
    assert report["schema"] == "refgate.landed/v1", report["schema"]
    return {commit["commit"]: commit for commit in report["commits"]}


def cherry(git_dir, branch, mainline):
    """The commits that `git cherry` finds; it stops where an object is missing."""
    command = ["git", "--git-dir", git_dir, "cherry", mainline, branch]
    lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode().splitlines()
    return {line[2:] for line in lines if line.startswith("- ")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refgate")
    parser.add_argument("truth")
    parser.add_argument("repositories", nargs="+", metavar="NAME=GITDIR")
    parser.add_argument("--trailers", action="store_true", help="let refgate read what messages say")
    parser.add_argument("--no-cherry", action="store_true", help="do not run git cherry")
    parser.add_argument("--last", metavar="N", help="ask about the last N alone too, and compare the answers")
    parser.add_argument("--misses", help="write the rows that went wrong to this file")
    arguments = parser.parse_args()
    directories = dict(pair.split("=", 1) for pair in arguments.repositories)
    branches = collections.defaultdict(list)
    with open(arguments.truth, encoding="utf-8") as truth:
        header = truth.readline().rstrip("\n").split("\t")
        for line in truth:
            row = dict(zip(header, line.rstrip("\n").split("\t")))
            if row["repo"] in directories:
                branches[row["repo"], row["mainline_ref"], row["branch_ref"]].append(row)
    explicit = [] if arguments.trailers else ["--ignore-trailers"]
    totals = collections.defaultdict(collections.Counter)
    misses = []
    for (repo, mainline, branch), rows in branches.items():
        git_dir, count = directories[repo], totals[repo]
        answers = landed(arguments.refgate, git_dir, branch, mainline, explicit)
        if arguments.last:
            alone = landed(arguments.refgate, git_dir, branch, mainline, [*explicit, "--last", arguments.last])
            for commit, answer in alone.items():
                if answer != answers[commit]:
                    count["others"] += 1
                    misses.append([repo, branch, commit, "other answer alone", answers[commit]["match"] or "-", answer["match"] or "-", f"{answers[commit]['reason']} <> {answer['reason']}", "-", answer["subject"]])
        known = {} if arguments.no_cherry else cherry(git_dir, branch, mainline)
        right = {}
        for row in rows:
            if row["mainline_commit"] != "-":
                accept = row["accept"].replace(";", ",").split(",") if row["accept"] != "-" else []
                right[row["branch_commit"]] = {row["mainline_commit"], *accept}
        with tempfile.NamedTemporaryFile("w", suffix=".pairs") as pairs:
            for commit, originals in right.items():
                for original in sorted(originals):
                    pairs.write(f"{commit} {original}\n")
            pairs.flush()
            without = landed(arguments.refgate, git_dir, branch, mainline, ["--ignore-trailers", "--without", pairs.name])
        for row in rows:
            commit = row["branch_commit"]
            answer = answers.get(commit, {"status": "absent", "match": None, "reason": "not in the report"})
            problem = None
            if commit not in right:
                count["none"] += 1
                if answer["status"] == "landed":
                    count["none landed"] += 1
                    problem = "landed, known to have none"
            else:
                count["labelled"] += 1
                count["cherry"] += commit in known
                is_right = answer["match"] in right[commit]
                if answer["status"] in ("landed", "reverted"):
                    count["recall" if answer["status"] == "landed" else "reverted"] += 1
                    if not is_right:
                        count["wrong"] += 1
                        problem = "wrong commit"
                elif answer["status"] in ("partial", "probable") and is_right:
                    count[answer["status"]] += 1
                    problem = answer["status"]
                else:
                    problem = answer["status"]
                ghost = without.get(commit, {"status": "absent"})
                if ghost["status"] == "landed":
                    count["knock-out"] += 1
                    misses.append([repo, branch, commit, "knock-out", row["mainline_commit"], ghost["match"], ghost["reason"], row["note"], ghost["subject"]])
            if problem:
                misses.append([repo, branch, commit, problem, row["mainline_commit"], answer["match"] or "-", answer["reason"], row["note"], answer.get("subject", "")])
    columns = ["labelled", "recall", "reverted", "partial", "probable", "wrong", "none", "none landed", "knock-out", "others", "cherry"]
    totals["all"] = sum(totals.values(), collections.Counter())
    print("| repository | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for repo, count in totals.items():
        labelled = count["labelled"] or 1
        cells = []
        for column in columns:
            is_share = column in ("recall", "cherry", "knock-out")
            share = f"{100 * count[column] / labelled:.2f} % ({count[column]})" if is_share else str(count[column])
            is_asked = {"cherry": not arguments.no_cherry, "others": arguments.last}
            cells.append(share if is_asked.get(column, True) else "-")
        print(f"| {repo} | " + " | ".join(cells) + " |")
    if arguments.misses:
        with open(arguments.misses, "w", encoding="utf-8") as file:
            file.writelines("\t".join(map(str, miss)) + "\n" for miss in misses)


if __name__ == "__main__":
    sys.exit(main())
