#!/bin/sh
# What docs/operations.md says of full disks and wrong clocks: tried with a small file system and a false clock.
# usage: tests/operations.sh BINARY
# 77: not root, or no file system can be mounted here. Without faketime, clocks are left out, and it says so.
set -eu
unset CDPATH
binary=$(cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
if [ "$(id -u)" != 0 ]; then
    echo "SKIPPED: a small file system needs root" >&2
    exit 77
fi
scratch=$(mktemp -d)
small=$scratch/small
mkdir "$small"
if ! mount -t tmpfs -o size=3m tmpfs "$small" 2> /dev/null; then
    rm -rf "$scratch"
    echo "SKIPPED: nothing can be mounted here" >&2
    exit 77
fi
trap 'umount "$small"; rm -rf "$scratch"' EXIT
fail() { echo "tests/operations.sh: $*" >&2; exit 1; }
fill() { dd if=/dev/zero of="$small/fill" bs=1k count=9000 2> /dev/null || :; }

export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1
git config --global user.name Ann
git config --global user.email ann@example.com
git config --global init.defaultBranch main
server=$scratch/server.git
git init -q --bare "$server"
git init -q "$scratch/work"
cd "$scratch/work"
git remote add origin "$server"
commit() { git commit -q --allow-empty -m "$1"; }
commit 'feat: begin'
git push -q origin main
git tag -a -m 1.0.0 v1.0.0
git push -q origin v1.0.0
"$binary" install --repo "$server" --policy preset:trunk --log "$small/log" > /dev/null 2>&1

# A log without room: refused, and whole lines afterwards.
fill
commit 'fix: one'
! git push -q origin main 2> said || fail "a push without a record was accepted"
grep -q 'No space left on device' said || fail "$(cat said)"
rm "$small/fill"
git push -q origin main || fail "there is room again"
commit 'fix: two'
git push -q origin main
lines=$(grep -c '^{.*}$' "$small/log")
if [ "$lines" != "$(wc -l < "$small/log")" ] || [ "$lines" -lt 2 ]; then fail "$(cat "$small/log")"; fi
git -C "$server" config --unset refgate.log

# A repository without room: git refuses, and what is asked about it has the same answer.
git clone -q --bare "$server" "$small/full.git"
"$binary" install --repo "$small/full.git" --policy preset:trunk > /dev/null 2>&1
# A pick on a release branch, so that there is something to keep.
git switch -q -c stable HEAD~1
echo pick > pick && git add pick && git commit -q -m 'fix: pick'
git switch -q main
git cherry-pick stable > /dev/null
git push -q --no-verify "$server" main stable 2> /dev/null || git -C "$server" fetch -q "$scratch/work" main stable:stable
git -C "$small/full.git" fetch -q "$scratch/work" '+refs/heads/*:refs/heads/*'
fill
commit 'fix: three'
! git push -q "$small/full.git" main 2> said || fail "a push without room was accepted"
grep -q 'No space left on device' said || fail "$(cat said)"
"$binary" landed --repo "$small/full.git" --from stable --to main > full 2>&1 || fail "$(cat full)"
rm "$small/fill"
"$binary" landed --repo "$small/full.git" --from stable --to main > room 2>&1 || fail "$(cat room)"
cmp -s full room || fail "a full disk changes an answer: $(cat full room)"
git push -q "$small/full.git" main || fail "there is room again"

# A waiver under clocks that are wrong.
if ! command -v faketime > /dev/null; then
    echo "no faketime here: clocks are not tried"
elif ! ldd "$binary" 2> /dev/null | grep -q '=>'; then
    echo "a static program has the clock of the machine: clocks are not tried"
else
    sed 's/^  *//' > policy.toml << 'POLICY'
    schema = 1
    name = "clock"
    extends = ["preset:trunk"]

    [[waiver]]
    rule = "lightweight-tag"
    ref = "refs/tags/v1.1.0"
    reason = "made by a tool that knows no better"
    by = "ann"
    until = "2026-06-30"
POLICY
    git tag v1.1.0
    judge() {
        code=0
        faketime "$1" "$binary" check --policy policy.toml --remote '' \
            --ref "refs/tags/v1.1.0=$(git rev-parse v1.1.0 | tr '0-9a-f' 0)..v1.1.0" > said 2>&1 || code=$?
    }
    judge '2026-06-01 12:00:00'
    [ "$code" = 0 ] || fail "a waiver does not count before its last day: $(cat said)"
    judge '2026-07-02 12:00:00'
    { [ "$code" = 1 ] && grep -q 'ended on 2026-06-30' said; } || fail "a waiver counts after its last day: $(cat said)"
    judge '1971-01-01 12:00:00'
    { [ "$code" = 1 ] && grep -q 'clock of this machine' said; } || fail "a waiver counts by a clock of 1971: $(cat said)"
fi
echo "operations: full disks refuse and leave no mark, and wrong clocks waive nothing"
