#!/bin/sh
# The main job, for real: a server repository with refgate in its pre-receive hook, a clone, pushes that are
# accepted and five that are refused. Everything happens under tour in cargo's target directory, which is made anew.
set -eu

cd "$(dirname "$0")/.."
. tests/needs.sh
need git git
need cc gcc libc6-dev
install_missing
echo "Building refgate. The first time this compiles some 200 crates: about two minutes on eight cores, seven on two."
cargo build --locked
# Where cargo puts what it builds, if somebody says so (`CARGO_TARGET_DIR`).
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
refgate=$target/debug/refgate
tour=$target/tour
rm -rf "$tour"
mkdir -p "$tour/home"

# The tour must not depend on, nor change, anybody's own git configuration, nor the repository that a hook runs in.
# shellcheck disable=SC2046 # a list of names
unset $(git rev-parse --local-env-vars) XDG_CONFIG_HOME GIT_CONFIG_GLOBAL GIT_TEMPLATE_DIR
HOME=$tour/home
GIT_CONFIG_NOSYSTEM=1
GIT_AUTHOR_NAME='Ann Author' GIT_AUTHOR_EMAIL=ann@example.com
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export HOME GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
PATH=$(dirname "$refgate"):$PATH
export PATH

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@" 2>&1; }
refused() { if show "$@"; then echo "this push should have been refused" >&2; exit 1; fi; }
commit() { echo "$1" >> file && git add --all && git commit --quiet --message "$1"; }
changelog() {
    mkdir -p debian
    cat > debian/changelog <<END
pybal ($1) stable; urgency=low

  * $2

 -- Ann Author <ann@example.com>  Tue, 14 Nov 2023 22:13:20 +0000
END
}

say "A server repository, with PyBal's release process as its policy"
git init --quiet --bare "$tour/server.git"
show refgate install --repo "$tour/server.git" --policy preset:pybal

git clone --quiet "$tour/server.git" "$tour/clone" 2>/dev/null
cd "$tour/clone"
git checkout --quiet -b master
echo "setup(name='pybal', version='1.15')" > setup.py
changelog 1.15.0 'Checks HTTP servers'
commit 'feat: check HTTP servers'
git branch 1.15

say "master and a release branch named after its minor version: accepted"
show git push origin master 1.15

say "A branch that the process does not know"
refused git push origin master:refs/heads/releases/1.16

say "A version tagged on master; new versions always come from release branches"
commit 'feat: check DNS servers'
git push --quiet origin master
git tag --annotate --message 'PyBal 1.15.1' 1.15.1
refused git push origin 1.15.1

say "A hand-edited version on master"
sed -i s/1.15/1.16/ setup.py
commit 'feat: check the new thing'
refused git push origin master
git reset --quiet --hard HEAD~1

say "The same version on its branch, with its changelog entry, in one push: accepted"
git checkout --quiet 1.15
changelog 1.15.1 'Checks DNS servers'
git commit --quiet --all --message 'Release 1.15.1'
git tag --annotate --force --message 'PyBal 1.15.1' 1.15.1 > /dev/null
show git push origin 1.15 1.15.1
git checkout --quiet master

say "Moving a published tag, and taking commits out of master"
git tag --annotate --force --message 'PyBal 1.15.1' 1.15.1 master > /dev/null
refused git push --force origin 1.15.1
git reset --quiet --hard HEAD~1
refused git push --force origin master

say "What the server has now"
git -C "$tour/server.git" for-each-ref --format='%(refname)'
echo
echo "Nothing was left behind outside $tour."
