#!/bin/sh
# Makes an RPM package of a built refgate: the program, man pages, completions, policies and documentation.
# usage: packaging/rpm.sh BINARY FOLDER
# It prints the file that it has made in the folder. What libraries the program needs, rpmbuild finds out.
set -eu
unset CDPATH
[ $# = 2 ] || { echo "usage: $0 BINARY FOLDER" >&2; exit 2; }
binary=$1 folder=$2
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/tree

"$root/packaging/tree.sh" "$binary" "$tree" usr/share/zsh/site-functions
install -D -m 644 "$root/LICENSE" "$tree/usr/share/licenses/refgate/LICENSE"
# A version of RPM has no hyphen, and a tilde comes before the release as a pre-release does.
version=$("$binary" --version | cut -d ' ' -f 2 | tr - '~')
rpmbuild -bb --quiet \
    --define "_topdir $scratch/build" --define "_rpmdir $scratch/rpm" --define "_docdir /usr/share/doc" \
    --define "_build_name_fmt %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm" \
    ${REFGATE_RPM_PAYLOAD:+--define "_binary_payload $REFGATE_RPM_PAYLOAD"} \
    --define "refgate_version $version" --define "refgate_tree $tree" \
    "$root/packaging/refgate.spec" >&2
mkdir -p "$folder"
for file in "$scratch"/rpm/*.rpm; do
    mv "$file" "$folder/"
    echo "$folder/$(basename "$file")"
done
