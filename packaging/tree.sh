#!/bin/sh
# Lays out what a package installs: the program, man pages, completions, policies and documentation.
# usage: packaging/tree.sh BINARY FOLDER ZSH
# ZSH is where the distribution has completions of packages for zsh, such as usr/share/zsh/vendor-completions.
set -eu
unset CDPATH
[ $# = 3 ] || { echo "usage: $0 BINARY FOLDER ZSH" >&2; exit 2; }
binary=$1 tree=$2 zsh=$2/$3
root=$(cd -- "$(dirname -- "$0")/.." && pwd)

install -D -m 755 "$binary" "$tree/usr/bin/refgate"
"$binary" generate man "$tree/usr/share/man/man1"
gzip -9n "$tree"/usr/share/man/man1/*.1
install -d "$tree/usr/share/bash-completion/completions" "$zsh" "$tree/usr/share/fish/vendor_completions.d"
"$binary" generate completions bash > "$tree/usr/share/bash-completion/completions/refgate"
"$binary" generate completions zsh > "$zsh/_refgate"
"$binary" generate completions fish > "$tree/usr/share/fish/vendor_completions.d/refgate.fish"

share=$tree/usr/share/doc/refgate
install -d "$share"
cp -R "$root/README.md" "$root/SECURITY.md" "$root/docs" "$root/policies" "$share/"
# The chapters of rules include pages that are in the source.
for page in "$root"/docs/rules/*.md; do
    id=$(basename "$page" .md)
    "$binary" explain "$id" > "$share/docs/rules/$id.md"
done
gzip -9nc "$root/CHANGELOG.md" > "$share/changelog.gz"
find "$tree" -type d -exec chmod 755 {} +
find "$tree/usr/share" -type f -exec chmod 644 {} +
