#!/bin/sh
# Makes the container image and asks the refgate in it about a push that the policy accepts and one that it refuses.
# usage: tests/image.sh BINARY
# Where packaging/Containerfile's base cannot be pulled, it is put together from the same Debian, which takes minutes, so
# tests/run.sh leaves it out. BINARY has to be a static one, or built for that Debian.
# 77: not root, no buildah, or no base to be had.
set -eu
unset CDPATH
binary=$1
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
skip() { echo "SKIPPED: $*" >&2; exit 77; }
fail() { echo "tests/image.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || skip "an image without a daemon needs root"
command -v buildah > /dev/null || skip "there is no buildah here"
scratch=$(mktemp -d)
# Neither a daemon nor namespaces, and nothing stays in the machine's own storage.
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs STORAGE_OPTS='' CONTAINERS_STORAGE_CONF="$scratch/storage.conf"
printf '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/storage"\n' "$scratch" "$scratch" > "$CONTAINERS_STORAGE_CONF"
trap 'buildah rm --all > /dev/null 2>&1 || true; rm -rf "$scratch"' EXIT

base=$(sed -n 's/^FROM //p' "$root/packaging/Containerfile")
if ! buildah pull --quiet "$base" > /dev/null 2>&1; then
    command -v debootstrap > /dev/null || skip "$base cannot be pulled, and there is no debootstrap here"
    debootstrap --variant=minbase stable "$scratch/base" http://deb.debian.org/debian > "$scratch/log" 2>&1 ||
        skip "stable cannot be had: $(tail -n 1 "$scratch/log")"
    made=$(buildah from scratch)
    buildah add --quiet "$made" "$scratch/base" / > /dev/null
    buildah commit --quiet --rm "$made" "$base" > /dev/null
    rm -rf "$scratch/base"
fi
"$root/packaging/image.sh" "$binary" localhost/refgate:test buildah > "$scratch/said" 2>&1 || fail "$(cat "$scratch/said")"

export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com \
    GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
git init -q --initial-branch=main "$scratch/project"
cd "$scratch/project"
refgate() { buildah run --volume "$scratch/project:/project" --workingdir /project "$job" -- refgate "$@"; }
git commit -q --allow-empty -m 'feat: begin'
git tag -a -m 1.0.0 v1.0.0
git tag v1.1.0
job=$(buildah from localhost/refgate:test)
refgate --version
refgate check --policy preset:trunk --ref refs/tags/v1.0.0=0000000000000000000000000000000000000000..v1.0.0 > "$scratch/said" 2>&1 ||
    fail "$(cat "$scratch/said")"
cat "$scratch/said"
status=0
refgate check --policy preset:trunk --ref refs/tags/v1.1.0=0000000000000000000000000000000000000000..v1.1.0 > "$scratch/said" 2>&1 || status=$?
if [ "$status" != 1 ] || ! grep -q 'error\[lightweight-tag\]' "$scratch/said"; then fail "exit $status: $(cat "$scratch/said")"; fi
cat "$scratch/said"
echo "image: accepted and refused in $base"
