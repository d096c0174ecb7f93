#!/bin/sh
# Runs a static program in the root of another Debian, 11 unless another is named, with that Debian's git: one push is accepted
# and one refused there. It fetches that system first, which takes minutes, so tests/run.sh leaves it out.
# usage: tests/old-root.sh BINARY [SUITE [FOLDER]]
# FOLDER keeps the system for the next time. With `stable` this is also what packaging/Containerfile puts together.
# 77: not root, no debootstrap, a program that is not static, or no such system to be had.
set -eu
unset CDPATH
binary=$1 suite=${2:-bullseye}
skip() { echo "SKIPPED: $*" >&2; exit 77; }
fail() { echo "tests/old-root.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || skip "another root needs root"
command -v debootstrap > /dev/null || skip "there is no debootstrap here"
if ldd "$binary" 2> /dev/null | grep -q '=>'; then skip "$binary is not static: cargo build --release --target x86_64-unknown-linux-musl"; fi
scratch=$(mktemp -d)
other=${3:-$scratch/root}
mounted=
trap '[ -z "$mounted" ] || umount "$other/proc"; rm -rf "$scratch"' EXIT
if [ ! -e "$other/usr/bin/git" ]; then
    debootstrap --variant=minbase --include=git "$suite" "$other" http://deb.debian.org/debian > "$scratch/log" 2>&1 ||
        skip "$suite cannot be had: $(tail -n 1 "$scratch/log")"
fi
mount -t proc proc "$other/proc" 2> /dev/null || skip "nothing can be mounted here"
mounted=1
rm -rf "$other/try"
mkdir "$other/try"
install -m 755 "$binary" "$other/usr/bin/refgate"
cat > "$other/try/pushes" << 'END'
set -eu
cd /try
export HOME=/try
. /etc/os-release
echo "$PRETTY_NAME, $(git version), $(refgate --version)"
git config --global user.name Ann
git config --global user.email ann@example.com
git init -q --bare server.git
git init -q work
cd work
git checkout -q -b main
git remote add origin /try/server.git
git commit -q --allow-empty -m 'feat: begin'
git push -q origin main
refgate install --repo /try/server.git --policy preset:trunk > said 2>&1 || { cat said; exit 1; }
refgate doctor --repo /try/server.git > said 2>&1 || { cat said; exit 1; }
tail -n 1 said
git tag -a -m 1.0.0 v1.0.0
git push origin v1.0.0
git tag v1.1.0
! git push origin v1.1.0 || exit 1
[ "$(git ls-remote --tags origin 'v*' | grep -c '[0-9]$')" = 1 ]
END
chroot "$other" /bin/sh /try/pushes > "$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"
grep -q 'error\[lightweight-tag\]' "$scratch/said" || fail "$(cat "$scratch/said")"
cat "$scratch/said"
echo "old-root: accepted and refused in $suite"
