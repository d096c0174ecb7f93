#!/bin/sh
# Installs refgate: the program, man pages, completions and hook scripts; then hooks into repositories.
#
#   ./install.sh [--prefix DIR] [--binary FILE] [--destdir DIR] [--dry-run] [REPOSITORY...] [-- INSTALL-OPTIONS...]
#   ./install.sh --uninstall [--prefix DIR] [--destdir DIR] [--dry-run] [REPOSITORY...]
#
# Builds with cargo unless --binary names a program that is built already. As an ordinary user: --prefix ~/.local.
# What follows `--` goes to `refgate install`: -- --policy preset:pybal --identity gitolite.
# Files are complete before they get their names, and a link is replaced, never written through. Running it again is
# safe, and says what it did line by line.
set -eu

program=install.sh
here=$(cd "$(dirname "$0")" && pwd)
prefix=/usr/local
destdir=
binary=
uninstall=
dry_run=
made=

usage() {
    sed -n '2,/^set -eu/p' "$here/$program" | sed -e '/^set -eu/d' -e 's/^# \{0,1\}//'
}

fail() {
    printf 'error: %s\n' "$1" >&2
    exit "${2:-1}"
}

say() {
    if [ -n "$dry_run" ]; then
        printf 'would %s\n' "$1"
    else
        printf '%s\n' "$1"
    fi
}

tidy() {
    if [ -n "$made" ]; then
        rm -rf "$made"
    fi
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

value() {
    [ $# -ge 2 ] || fail "$1 needs a value" 2
}

absolute() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$(pwd)" "$1" ;;
    esac
}

# put SOURCE TARGET MODE: a real file, by rename. Nothing is touched when it is there already.
put() {
    target=$destdir$2
    folder=$(dirname "$target")
    if [ -f "$target" ] && ! [ -L "$target" ] && cmp -s "$1" "$target"; then
        # The mode is set all the same: a program that cannot be executed lets hooks refuse everything.
        [ -n "$dry_run" ] || chmod "$3" "$target" || fail "$target could not be given mode $3"
        say "leave $target: it is up to date"
        return
    fi
    say "write $target"
    [ -z "$dry_run" ] || return 0
    mkdir -p "$folder" || fail "$folder could not be made; as an ordinary user give --prefix ~/.local"
    if [ -d "$target" ]; then
        fail "$target is a directory"
    fi
    new=$folder/.refgate-new.$$
    if ! { cp "$1" "$new" && chmod "$3" "$new" && mv -f "$new" "$target"; }; then
        rm -f "$new"
        fail "$target could not be written; as an ordinary user give --prefix ~/.local"
    fi
}

# take TARGET: removes a file of ours, if it is there.
take() {
    if [ -e "$destdir$1" ] || [ -L "$destdir$1" ]; then
        say "remove $destdir$1"
        [ -n "$dry_run" ] || rm -f "$destdir$1" || fail "$destdir$1 could not be removed"
    fi
}

# The path in a script: quoted, so that no character of it means anything.
quoted() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

# shim NAME: a hook script with the program's own path in it.
shim() {
    line="refgate=$(quoted "$prefix/bin/refgate")"
    while IFS= read -r text; do
        case $text in
        refgate=*) printf '%s\n' "$line" ;;
        *) printf '%s\n' "$text" ;;
        esac
    done <"$here/hooks/$1"
}

shims='pre-receive update reference-transaction post-receive pre-push gitolite/VREF/refgate'
samples='lefthook.yml husky-pre-push pre-commit-pre-push'

install_files() {
    if [ -z "$binary" ]; then
        command -v cargo >/dev/null 2>&1 ||
            fail "cargo is not on the PATH; install a Rust toolchain (https://rustup.rs) or give --binary FILE"
        binary=${CARGO_TARGET_DIR:-$here/target}/release/refgate
        say "build $binary: cargo build --release --locked"
        if [ -z "$dry_run" ]; then
            (cd "$here" && cargo build --release --locked) || fail "the build failed; its own words are above"
        fi
    fi
    if [ -n "$dry_run" ] && ! [ -e "$binary" ]; then
        say "write $destdir$prefix/bin/refgate, man pages, completions and hook scripts"
        return
    fi
    if ! [ -f "$binary" ] || ! [ -x "$binary" ]; then
        fail "$binary is no program"
    fi
    "$binary" --version >/dev/null || fail "$binary does not run here"
    made=$(mktemp -d) || fail "no temporary directory could be made"
    put "$binary" "$prefix/bin/refgate" 755
    "$binary" generate man "$made/man" || fail "the man pages could not be generated"
    for page in "$made"/man/*.1; do
        put "$page" "$prefix/share/man/man1/${page##*/}" 644
    done
    for shell in bash zsh fish; do
        "$binary" generate completions "$shell" >"$made/$shell" || fail "the completions could not be generated"
    done
    put "$made/bash" "$prefix/share/bash-completion/completions/refgate" 644
    put "$made/zsh" "$prefix/share/zsh/site-functions/_refgate" 644
    put "$made/fish" "$prefix/share/fish/vendor_completions.d/refgate.fish" 644
    for name in $shims; do
        shim "$name" >"$made/shim"
        put "$made/shim" "$prefix/share/refgate/hooks/$name" 755
    done
    for name in $samples; do
        put "$here/hooks/samples/$name" "$prefix/share/refgate/hooks/samples/$name" 644
    done
}

remove_files() {
    take "$prefix/bin/refgate"
    for page in "$destdir$prefix"/share/man/man1/refgate.1 "$destdir$prefix"/share/man/man1/refgate-*.1; do
        if [ -e "$page" ]; then
            take "${page#"$destdir"}"
        fi
    done
    take "$prefix/share/bash-completion/completions/refgate"
    take "$prefix/share/zsh/site-functions/_refgate"
    take "$prefix/share/fish/vendor_completions.d/refgate.fish"
    for name in $shims; do
        take "$prefix/share/refgate/hooks/$name"
    done
    for name in $samples; do
        take "$prefix/share/refgate/hooks/samples/$name"
    done
    if [ -z "$dry_run" ]; then
        # Only when nothing of anybody else's is in them.
        for folder in hooks/gitolite/VREF hooks/gitolite hooks/samples hooks ''; do
            rmdir "$destdir$prefix/share/refgate/$folder" 2>/dev/null || :
        done
    fi
}

count=0
repositories=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) value "$@" && prefix=$(absolute "$2") && shift 2 ;;
    --prefix=*) prefix=$(absolute "${1#*=}") && shift ;;
    --destdir) value "$@" && destdir=$(absolute "$2") && shift 2 ;;
    --destdir=*) destdir=$(absolute "${1#*=}") && shift ;;
    --binary) value "$@" && binary=$(absolute "$2") && shift 2 ;;
    --binary=*) binary=$(absolute "${1#*=}") && shift ;;
    --uninstall) uninstall=1 && shift ;;
    --dry-run) dry_run=1 && shift ;;
    -h | --help) usage && exit 0 ;;
    --) shift && break ;;
    -*) fail "there is no option $1; --help lists them" 2 ;;
    *)
        # One word each when the list is taken apart again, whatever the path is made of.
        repositories="$repositories $(quoted "$1")"
        count=$((count + 1))
        shift
        ;;
    esac
done
if [ "$count" -eq 0 ] && [ $# -gt 0 ]; then
    fail "options after -- are for repositories, and none is named" 2
fi
if [ -n "$uninstall" ] && [ $# -gt 0 ]; then
    fail "--uninstall takes no options after --" 2
fi

# each COMMAND OPTIONS...: runs the installed program's command in every repository.
each() {
    verb=$1
    shift
    eval "set -- $repositories -- $(for word in "$@"; do quoted "$word"; printf ' '; done)"
    while [ "$1" != -- ]; do
        one=$1
        shift
        (
            while [ "$1" != -- ]; do shift; done
            shift
            "$runs" "$verb" --repo "$one" "$@"
        ) || fail "refgate $verb failed in $one"
    done
}

runs=$destdir$prefix/bin/refgate
if [ -n "$uninstall" ]; then
    if [ "$count" -gt 0 ]; then
        [ -x "$runs" ] || fail "$runs is not there, so hooks cannot be taken out of repositories"
        if [ -n "$dry_run" ]; then each uninstall --dry-run; else each uninstall; fi
    fi
    remove_files
    exit 0
fi
install_files
if [ "$count" -gt 0 ]; then
    if [ -z "$dry_run" ]; then
        each install "$@"
    elif [ -x "$binary" ]; then
        runs=$binary
        each install --dry-run "$@"
    fi
fi
