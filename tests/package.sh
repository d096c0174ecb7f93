#!/bin/sh
# Makes the Debian and the RPM package, installs each, tries a refused and an accepted push with what it has installed, and
# removes it without a trace. The Debian package changes the machine that it runs on while it runs, so only root on Debian is
# asked to; the RPM package is installed below a scratch folder, with a database of its own.
# usage: tests/package.sh BINARY
# 77: not root, no dpkg and no rpmbuild, or a refgate is installed already. What is left out is said.
set -eu
unset CDPATH
binary=$1
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
if [ "$(id -u)" != 0 ]; then
    echo "SKIPPED: packages need root" >&2
    exit 77
fi
scratch=$(mktemp -d)
installed=
trap '[ -z "$installed" ] || dpkg --purge refgate > /dev/null 2>&1 || :; rm -rf "$scratch"' EXIT
fail() { echo "tests/package.sh: $*" >&2; exit 1; }

export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1
git config --global user.name Ann
git config --global user.email ann@example.com
git config --global init.defaultBranch main

# Makes a server with hooks of this program, and pushes to it.
pushes() {
    program=$1
    rm -rf "$scratch/server.git" "$scratch/work"
    git init -q --bare "$scratch/server.git"
    git init -q "$scratch/work"
    cd "$scratch/work"
    git remote add origin "$scratch/server.git"
    git commit -q --allow-empty -m 'feat: begin'
    git push -q origin main
    "$program" install --repo "$scratch/server.git" --policy preset:trunk > "$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
    "$program" doctor --repo "$scratch/server.git" > "$scratch/said" 2>&1 || fail "the doctor: $(cat "$scratch/said")"
    git tag -a -m 1.0.0 v1.0.0
    git push -q origin v1.0.0 2> "$scratch/said" || fail "an accepted push was refused: $(cat "$scratch/said")"
    git tag v1.1.0
    ! git push -q origin v1.1.0 2> "$scratch/said" || fail "a lightweight tag was accepted"
    grep -q 'error\[lightweight-tag\]' "$scratch/said" || fail "$(cat "$scratch/said")"
    "$program" uninstall --repo "$scratch/server.git" > "$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
    git push -q origin v1.1.0 || fail "a hook is left"
}

# What both packages have, below a folder.
has_all() {
    for file in usr/share/man/man1/refgate.1.gz usr/share/bash-completion/completions/refgate \
        usr/share/doc/refgate/policies/trunk.toml usr/share/doc/refgate/docs/operations.md; do
        [ -s "$1/$file" ] || fail "$file was not installed"
    done
    gzip -dc "$1/usr/share/man/man1/refgate.1.gz" | grep -q '^\.TH refgate' || fail "the man page is not one"
    grep -q '^# misplaced-tag' "$1/usr/share/doc/refgate/docs/rules/misplaced-tag.md" || fail "a rule has no page"
}

tried=
# An unstripped build is large, and compressing it is not what is tried.
if ! command -v dpkg-deb > /dev/null || ! command -v objdump > /dev/null; then
    echo "the Debian package needs dpkg and binutils: it is not tried"
elif dpkg-query -s refgate > /dev/null 2>&1 || [ -e /usr/bin/refgate ]; then
    echo "a refgate is installed here: the Debian package is not tried"
else
    deb=$(REFGATE_DEB_COMPRESSION=none "$root/packaging/deb.sh" "$binary" "$scratch")
    installed=1
    dpkg -i "$deb" > /dev/null
    dpkg -V refgate > "$scratch/changed" || fail "dpkg -V: $(cat "$scratch/changed")"
    [ "$(command -v refgate)" = /usr/bin/refgate ] || fail "another refgate is first in PATH"
    [ -s /usr/share/doc/refgate/copyright ] || fail "the copyright is not there"
    has_all /
    pushes refgate
    dpkg -L refgate > "$scratch/files"
    dpkg --purge refgate > /dev/null
    installed=
    while read -r file; do
        case $file in *refgate*) [ ! -e "$file" ] || fail "$file is left" ;; esac
    done < "$scratch/files"
    tried="$tried deb"
fi

if ! command -v rpmbuild > /dev/null; then
    echo "there is no rpmbuild here: the RPM package is not tried"
else
    file=$(REFGATE_RPM_PAYLOAD=w0.gzdio "$root/packaging/rpm.sh" "$binary" "$scratch")
    rpm -qp --requires "$file" | grep -q '^git >= ' || fail "the package does not ask for git"
    [ -z "$(rpm -qp --scripts "$file")" ] || fail "the package runs something: $(rpm -qp --scripts "$file")"
    mkdir "$scratch/root"
    rpm --root "$scratch/root" --nodeps -i "$file" 2> "$scratch/said" || fail "it cannot be installed: $(cat "$scratch/said")"
    rpm --root "$scratch/root" --nodeps -V refgate > "$scratch/changed" || fail "rpm -V: $(cat "$scratch/changed")"
    has_all "$scratch/root"
    [ -s "$scratch/root/usr/share/licenses/refgate/LICENSE" ] || fail "the license is not there"
    pushes "$scratch/root/usr/bin/refgate"
    rpm --root "$scratch/root" -e refgate 2> "$scratch/said" || fail "it cannot be removed: $(cat "$scratch/said")"
    left=$(find "$scratch/root" -name '*refgate*')
    [ -z "$left" ] || fail "left: $left"
    tried="$tried rpm"
fi

[ -n "$tried" ] || exit 77
echo "package:$tried: installed, a push accepted and one refused, removed without a trace"
