#!/bin/sh
# Builds refgate for Windows and runs it under Wine, with a git that is built for Windows too: it has to say what BINARY says,
# the same built for this machine. It makes a Debian with the compilers first, 5 GB and a quarter of an hour of one core, so
# tests/run.sh leaves it out. The target is x86_64-pc-windows-gnu; what is released is linked by Microsoft's tools.
# usage: tests/windows.sh BINARY [FOLDER]
# FOLDER keeps the system and what was built for the next time.
# 77: not root, not on amd64, no debootstrap, or no such system to be had.
set -eu
unset CDPATH
binary=$(cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
skip() { echo "SKIPPED: $*" >&2; exit 77; }
fail() { echo "tests/windows.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || skip "another root needs root"
[ "$(uname -m)" = x86_64 ] || skip "Wine runs programs for amd64 on amd64"
command -v debootstrap > /dev/null || skip "there is no debootstrap here"
scratch=$(mktemp -d)
other=${2:-$scratch/root}
mounted=
# What is mounted goes first: one of them is the project, which must not be there when the rest is removed.
clean() {
    for place in $mounted; do umount "$other/$place" || exit 1; done
    rm -rf "$scratch"
}
trap clean EXIT

# Runs a command in the system, with nothing of this environment but how many processes cargo starts.
inside() {
    chroot "$other" env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root DEBIAN_FRONTEND=noninteractive \
        ${CARGO_BUILD_JOBS:+"CARGO_BUILD_JOBS=$CARGO_BUILD_JOBS"} "$@"
}

# sid: the first Debian with a compiler that is new enough, and with the source of the standard library for it.
if [ ! -e "$other/has-all" ]; then
    [ -e "$other/usr/bin/apt-get" ] || debootstrap --variant=minbase sid "$other" http://deb.debian.org/debian > "$scratch/log" 2>&1 ||
        skip "sid cannot be had: $(tail -n 1 "$scratch/log")"
    cat > "$other/etc/apt/apt.conf.d/99windows" << 'END'
Acquire::Check-Valid-Until "false";
APT::Install-Recommends "false";
END
    echo 'deb-src http://deb.debian.org/debian sid main' > "$other/etc/apt/sources.list.d/source.list"
    printf '#!/bin/sh\nexit 101\n' > "$other/usr/sbin/policy-rc.d"
    chmod 755 "$other/usr/sbin/policy-rc.d"
    inside apt-get update > "$scratch/log" 2>&1 || skip "sid's packages cannot be had: $(tail -n 1 "$scratch/log")"
    inside apt-get install -y rustc cargo rust-src gcc libc6-dev gcc-mingw-w64-x86-64-posix libz-mingw-w64-dev make dpkg-dev \
        ca-certificates wine wine64 > "$scratch/log" 2>&1 || skip "the compilers cannot be had: $(tail -n 1 "$scratch/log")"
    # Whom this machine trusts: there may be a proxy between it and crates.io.
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then cp /etc/ssl/certs/ca-certificates.crt "$other/etc/ssl/certs/"; fi
    touch "$other/has-all"
fi
mkdir -p "$other/src"
mount -t proc proc "$other/proc" 2> /dev/null || skip "nothing can be mounted here"
mounted=proc
mount --bind "$root" "$other/src"
mounted="src proc"
mount -o remount,bind,ro "$other/src"

# git itself, since refgate asks it for what it does not read on its own; without what needs a network or an interpreter.
if [ ! -e "$other/git/mingw64/bin/git.exe" ]; then
    inside sh -c 'rm -rf /git-source && mkdir /git-source && cd /git-source && apt-get source --download-only git &&
        mkdir tree && tar -xf git_*.orig.tar.xz -C tree --strip-components=1 && cd tree && exec make uname_S=MINGW uname_O=x \
        uname_R=x uname_M=x86_64 MSYSTEM=MINGW64 CC=x86_64-w64-mingw32-gcc AR=x86_64-w64-mingw32-ar \
        RC="x86_64-w64-mingw32-windres -O coff" CFLAGS="-O1 -w" LDFLAGS=-static NEEDS_LIBICONV= NO_ICONV=1 NO_RUST=1 NO_CURL=1 \
        NO_OPENSSL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_PERL=1 NO_PYTHON=1 NO_TCLTK=1 git.exe' > "$scratch/log" 2>&1 ||
        skip "no git for Windows can be built: $(tail -n 3 "$scratch/log")"
    install -D "$other/git-source/tree/git.exe" "$other/git/mingw64/bin/git.exe"
    rm -rf "$other/git-source"
fi

# The compiler is one of Debian's, and only one of the project's own may build a standard library unless it is told to.
inside env RUSTC_BOOTSTRAP=1 CARGO_HOME=/cargo CARGO_TARGET_DIR=/target CARGO_INCREMENTAL=0 sh -c 'cd /src && exec cargo build \
    --locked -Z build-std=std,panic_unwind --target x86_64-pc-windows-gnu' > "$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
! grep -q '^warning' "$scratch/log" || fail "$(cat "$scratch/log")"

export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1
git config --global user.name Ann
git config --global user.email ann@example.com
git config --global init.defaultBranch main
try=$other/try
rm -rf "$try" "$other/git/etc"
mkdir "$try" "$other/git/etc"
cd "$try"
git init -q --bare server.git
git init -q work
cd work
git remote add origin ../server.git
git commit -q --allow-empty -m 'feat: begin'
git push -q origin main
git tag -a -m 1.0.0 v1.0.0
git push -q origin v1.0.0
git remote set-head origin main
echo fixed > file
git add file
git commit -q -m 'fix: a file'
git tag v1.1.0
printf 'work\nserver.git\n' > "$try/list"
new=$(git rev-parse HEAD)
none=0000000000000000000000000000000000000000
printf 'refs/tags/v1.1.0 %s refs/tags/v1.1.0 %s\n' "$new" "$none" > "$try/pushed"

# Runs a program of Windows in a folder below `try`; the git of Windows is in its PATH if $gits says where.
gits='Z:\git\mingw64\bin'
wine() {
    folder=$1
    shift
    # shellcheck disable=SC2016 # The shell inside expands them.
    inside env WINEDEBUG=-all WINEPREFIX=/wine XDG_RUNTIME_DIR=/tmp "WINEPATH=$gits" sh -c 'cd "/try/$0" && exec wine "$@"' "$folder" "$@"
}
refgate() {
    folder=$1
    shift
    wine "$folder" /target/x86_64-pc-windows-gnu/debug/refgate.exe "$@"
}
wine . wineboot -i > /dev/null 2>&1 || skip "Wine does not run here"
home=$other/wine/drive_c/users/root
[ -d "$home" ] || fail "Wine has made no home"
cp "$scratch/.gitconfig" "$home/.gitconfig"
# To a file: git asks for the names of pipes, and under Wine those of a shell have none.
wine . git.exe version > "$scratch/git" 2>&1
echo "$(refgate . --version) for Windows, $(cat "$scratch/git") there, $(inside wine --version)"

# Fails unless both programs say the same with these arguments, and end with this status.
tried=0
same() {
    status=$1 folder=$2
    shift 2
    ended=0
    (cd "$try/$folder" && "$binary" "$@") < "$try/pushed" > "$scratch/native" 2>&1 || ended=$?
    [ "$ended" = "$status" ] || fail "$*: the native program ended with $ended: $(cat "$scratch/native")"
    ended=0
    refgate "$folder" "$@" < "$try/pushed" > "$scratch/windows" 2>&1 || ended=$?
    [ "$ended" = "$status" ] || fail "$*: it ended with $ended: $(cat "$scratch/windows")"
    diff "$scratch/native" "$scratch/windows" > "$scratch/diff" || fail "$*: $(cat "$scratch/diff")"
    tried=$((tried + 1))
}
trunk="--policy preset:trunk"
same 0 . rules
same 0 . explain misplaced-tag
for preset in "$root"/policies/*.toml; do
    preset=preset:$(basename "$preset" .toml)
    same 0 . policy check "$preset"
    same 0 . policy show "$preset"
done
same 0 . policy diff preset:trunk preset:gitflow
same 2 work check
# shellcheck disable=SC2086 # $trunk is two words.
{
    same 0 work check $trunk --target main
    same 1 work check $trunk --ref "refs/tags/v1.1.0=$none..v1.1.0"
    for format in sarif github gitlab junit markdown html; do
        same 1 work check $trunk --ref "refs/tags/v1.1.0=$none..v1.1.0" --format $format
    done
    same 1 work hook pre-push $trunk origin ../server.git
    same 1 work replay $trunk
    same 0 work report $trunk
    same 0 work landed $trunk
    same 0 work where $trunk HEAD
    same 1 . audit list $trunk
}
same 0 work policy init --from-history
same 0 work version

# Fails unless refgate for Windows ends with this status and says these words.
says() {
    status=$1 words=$2
    shift 2
    ended=0
    refgate "$@" > "$scratch/windows" 2>&1 || ended=$?
    [ "$ended" = "$status" ] || fail "$*: it ended with $ended: $(cat "$scratch/windows")"
    grep -qF -- "$words" "$scratch/windows" || fail "$*: it said $(cat "$scratch/windows")"
    tried=$((tried + 1))
}
# What it keeps in files that it locks, empties and, where a state has too many lines, replaces.
says 1 "1 refused" . audit list --policy preset:trunk --state state
for _ in 1 2 3 4; do says 1 "2 known from before" . audit list --policy preset:trunk --state state; done
[ "$(wc -l < "$try/state")" = 4 ] || fail "the state of the audit was not written anew: $(cat "$try/state")"
says 1 "would have refused" work replay --policy preset:trunk --state replayed
says 1 "would have refused" work replay --policy preset:gitflow --state replayed
# What git writes for it.
says 0 "refs/notes/refgate" work waive --rule lightweight-tag --reason why v1.1.0
[ "$(git notes --ref refgate list | wc -l)" = 1 ] || fail "nothing was waived"
# Policies by paths of Windows, and where the configuration of a home and of an installed git names one.
cp "$root/policies/trunk.toml" "$try/own.toml"
says 0 "is valid: " . policy check 'Z:\try\own.toml'
says 0 "accepted" . check --repo 'Z:\try\work' --policy 'Z:/try/own.toml' --target main
says 0 "accepted" . check --repo '\\?\Z:\try\work' --policy '..\try\own.toml' --target main
printf '[refgate]\n\tpolicy = preset:trunk\n' >> "$home/.gitconfig"
says 0 "the policy \`trunk\`" work check --target main
cp "$scratch/.gitconfig" "$home/.gitconfig"
printf '[refgate]\n\tpolicy = preset:trunk\n' > "$other/git/etc/gitconfig"
says 0 "the policy \`trunk\`" work check --target main
# What is for Unix alone, and what needs a git that is not there.
for command in install uninstall doctor; do
    says 2 "on Unix alone" work $command --repo .
done
gits=
says 4 'could not be run' work check --policy preset:trunk --ref refs/heads/x=HEAD~1..HEAD
says 1 "would have refused" work replay --policy preset:trunk
echo "windows: $tried commands say what they say here, or what they should there"
