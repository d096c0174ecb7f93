#!/bin/sh
# Makes a container image of a built refgate, with git: for the jobs of CI systems.
# usage: packaging/image.sh BINARY NAME [ENGINE]
# ENGINE keeps the image: podman, docker or buildah, the first that works unless one is named.
# The program has to be a static one, or built for the Debian that packaging/Containerfile names.
set -eu
unset CDPATH
case $# in 2 | 3) ;; *) echo "usage: $0 BINARY NAME [ENGINE]" >&2; exit 2 ;; esac
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
install -m 755 "$1" "$scratch/refgate"
for engine in ${3:-podman docker buildah}; do
    # A client whose daemon does not run is of no use.
    if "$engine" info > /dev/null 2>&1; then
        "$engine" build --file "$root/packaging/Containerfile" --tag "$2" "$scratch"
        exit
    fi
done
echo "of ${3:-podman, docker and buildah} none works here" >&2
exit 1
