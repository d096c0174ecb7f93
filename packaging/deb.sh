#!/bin/sh
# Makes a Debian package of a built refgate: the program, man pages, completions, policies and documentation.
# usage: packaging/deb.sh BINARY FOLDER
# It prints the file that it has made in the folder. Nothing runs when the package is installed or removed: hooks are put
# into a repository by `refgate install` alone.
set -eu
unset CDPATH
[ $# = 2 ] || { echo "usage: $0 BINARY FOLDER" >&2; exit 2; }
binary=$1 folder=$2
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree

"$root/packaging/tree.sh" "$binary" "$tree" usr/share/zsh/vendor-completions
version=$("$binary" --version | cut -d ' ' -f 2)
architecture=$(dpkg --print-architecture)
{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: refgate\n\n'
    printf 'Files: *\nCopyright: the authors of refgate\nLicense: Expat\n'
    sed 's/^$/./; s/^/ /' "$root/LICENSE"
} > "$tree/usr/share/doc/refgate/copyright"
chmod 644 "$tree/usr/share/doc/refgate/copyright"

# The oldest glibc whose symbols the program asks for; a static program asks for none.
libc=$({ objdump -T "$binary" 2> /dev/null || :; } | sed -n 's/.*GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1)
install -d "$tree/DEBIAN"
cat > "$tree/DEBIAN/control" << CONTROL
Package: refgate
Version: $version
Architecture: $architecture
Maintainer: the authors of refgate <refgate@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f 1)
Depends: git (>= 1:2.30)${libc:+, libc6 (>= $libc)}
Section: vcs
Priority: optional
Description: gate on git refs
 One policy file decides what may be pushed, in hooks, in CI and over the past:
 names of branches and tags, versions, changes that have to reach another line.
CONTROL
(cd "$tree" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2 > DEBIAN/md5sums)

mkdir -p "$folder"
file=$folder/refgate_${version}_$architecture.deb
dpkg-deb --root-owner-group ${REFGATE_DEB_COMPRESSION:+"-Z$REFGATE_DEB_COMPRESSION"} --build "$tree" "$file" > /dev/null
echo "$file"
