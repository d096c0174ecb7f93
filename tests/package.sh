#!/bin/sh
# Makes the Debian package, installs it, tries a refused and an accepted push with what it has installed, and removes it
# without a trace. It changes the machine that it runs on while it runs, so only root on Debian is asked to.
# usage: tests/package.sh BINARY
# 77: not root, no dpkg, or a refgate is installed already.
set -eu
unset CDPATH
binary=$1
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
if [ "$(id -u)" != 0 ] || ! command -v dpkg-deb > /dev/null || ! command -v objdump > /dev/null; then
    echo "SKIPPED: the Debian package needs root, dpkg and binutils" >&2
    exit 77
fi
if dpkg-query -s refgate > /dev/null 2>&1 || [ -e /usr/bin/refgate ]; then
    echo "SKIPPED: refgate is installed here" >&2
    exit 77
fi
scratch=$(mktemp -d)
trap 'dpkg --purge refgate > /dev/null 2>&1 || :; rm -rf "$scratch"' EXIT
fail() { echo "tests/package.sh: $*" >&2; exit 1; }

# An unstripped build is large, and compressing it is not what is tried.
deb=$(REFGATE_DEB_COMPRESSION=none "$root/packaging/deb.sh" "$binary" "$scratch")
dpkg -i "$deb" > /dev/null
dpkg -V refgate > "$scratch/changed" || fail "dpkg -V: $(cat "$scratch/changed")"
[ "$(command -v refgate)" = /usr/bin/refgate ] || fail "another refgate is first in PATH"
for file in /usr/share/man/man1/refgate.1.gz /usr/share/bash-completion/completions/refgate \
    /usr/share/doc/refgate/policies/trunk.toml /usr/share/doc/refgate/copyright; do
    [ -s "$file" ] || fail "$file was not installed"
done
gzip -dc /usr/share/man/man1/refgate.1.gz | grep -q '^\.TH refgate' || fail "the man page is none"

export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1
git config --global user.name Ann
git config --global user.email ann@example.com
git config --global init.defaultBranch main
git init -q --bare "$scratch/server.git"
git init -q "$scratch/work"
cd "$scratch/work"
git remote add origin "$scratch/server.git"
git commit -q --allow-empty -m 'feat: begin'
git push -q origin main
refgate install --repo "$scratch/server.git" --policy preset:trunk > "$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
refgate doctor --repo "$scratch/server.git" > "$scratch/said" 2>&1 || fail "the doctor: $(cat "$scratch/said")"
git tag -a -m 1.0.0 v1.0.0
git push -q origin v1.0.0 2> "$scratch/said" || fail "an accepted push was refused: $(cat "$scratch/said")"
git tag v1.1.0
! git push -q origin v1.1.0 2> "$scratch/said" || fail "a lightweight tag was accepted"
grep -q 'error\[lightweight-tag\]' "$scratch/said" || fail "$(cat "$scratch/said")"
refgate uninstall --repo "$scratch/server.git" > "$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
git push -q origin v1.1.0 || fail "a hook is left"

dpkg -L refgate > "$scratch/files"
dpkg --purge refgate > /dev/null
while read -r file; do
    case $file in *refgate*) [ ! -e "$file" ] || fail "$file is left" ;; esac
done < "$scratch/files"
echo "package: installed, a push accepted and one refused, removed without a trace"
