#!/bin/sh
# Makes a container image of a built refgate, with git: for the jobs of CI systems.
# usage: packaging/image.sh BINARY NAME
# The program has to be a static one, or built for the Debian that packaging/Containerfile names.
set -eu
unset CDPATH
[ $# = 2 ] || { echo "usage: $0 BINARY NAME" >&2; exit 2; }
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
install -m 755 "$1" "$scratch/refgate"
for engine in podman docker; do
    if command -v "$engine" > /dev/null; then
        "$engine" build --file "$root/packaging/Containerfile" --tag "$2" "$scratch"
        exit
    fi
done
echo "neither podman nor docker is here" >&2
exit 1
