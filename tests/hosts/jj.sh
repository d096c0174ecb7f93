#!/bin/sh
# The real jj in a clone that it shares with git: the alias on docs/no-verify.md pushes what the gate accepts, and does not
# push what it refuses.
# usage: jj.sh BINARY
# 77: there is no jj here; Debian has it as `jujutsu`.
set -eu
unset CDPATH
page=$(cd -- "$(dirname -- "$0")/../.." && pwd)/docs/no-verify.md
command -v jj > /dev/null || { echo "SKIPPED: tests/hosts/jj.sh needs jj" >&2; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "tests/hosts/jj.sh: $1" >&2; cat "$scratch/said" >&2; exit 1; }
mkdir "$scratch/bin"
cp "$1" "$scratch/bin/refgate"
export PATH="$scratch/bin:$PATH" HOME="$scratch" GIT_CONFIG_NOSYSTEM=1 JJ_CONFIG="$scratch/jj.toml" NO_COLOR=1
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com
unset XDG_CONFIG_HOME GIT_CONFIG_GLOBAL GIT_DIR
{
    printf 'user.name = "A"\nuser.email = "a@example.com"\n'
    awk '/^\[aliases\]/ { on = 1 } on && /^```/ { exit } on' "$page"
} > "$JJ_CONFIG"
grep -q gated-push "$JJ_CONFIG"
git init -q --bare --initial-branch=main "$scratch/server"
git init -q --initial-branch=main "$scratch/work"
cd "$scratch/work"
git remote add origin "$scratch/server"
cat > .refgate.toml << 'T'
schema = 1
name = "bookmarks"

[[line]]
name = "main"
branch = "main"
role = "mainline"

[[line]]
name = "release"
branch = "release/{major}.{minor}"
role = "release"
T
git add .
git commit -qm 'feat: begin'
git push -q origin main
refgate install > "$scratch/said" 2>&1 || fail "refgate cannot be installed"
jj git init --colocate > "$scratch/said" 2>&1 || fail "jj cannot share the clone"
{
    jj bookmark track main@origin
    jj new main -m 'fix: a change'
    jj bookmark create release/1.0 -r @
    jj bookmark create wrong/name -r @
} > "$scratch/said" 2>&1 || fail "jj makes no bookmarks"
# on_server BRANCH: it is there.
on_server() { git --git-dir "$scratch/server" rev-parse --quiet --verify "refs/heads/$1" > /dev/null; }
if jj gated-push wrong/name > "$scratch/said" 2>&1 || on_server wrong/name; then fail "a refused bookmark was pushed"; fi
grep -q 'error\[unlisted-branch\]' "$scratch/said" || fail "the refusal is not the gate's"
if ! jj gated-push release/1.0 > "$scratch/said" 2>&1 || ! on_server release/1.0; then fail "an accepted bookmark was not pushed"; fi
echo "$(jj --version): one bookmark pushed, one refused"
