#!/bin/bash
# Real pushes over real hosts, judged by refgate as it is installed there: accepted and refused on each, by ref and by
# who pushes, and proved by `refgate doctor`.
#
#   smoke.sh [--binary FILE] [HOST...]      HOST: file sshd daemon http apache gitolite gitolite-alone gitolite-vref
#
# Needs root and apt-get (accounts, packages); installs the packages itself, and leaves no account, process or file
# of its own behind. Without root it says so and ends with 77.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
binary=
if [ "${1:-}" = --binary ]; then binary=$2; shift 2; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "SKIPPED: tests/hosts/smoke.sh needs root and apt-get; no push over ssh, http, git:// and gitolite was tested" >&2
    exit 77
fi
if [ -z "$binary" ]; then
    (cd "$root" && cargo build --quiet --locked) || exit 1
    binary=${CARGO_TARGET_DIR:-$root/target}/debug/refgate
fi
[ $# -gt 0 ] || set -- file sshd daemon http apache gitolite gitolite-alone gitolite-vref

scratch=$(mktemp -d) && chmod 755 "$scratch"
export RUNROOT=$scratch/hosts
mkdir -p "$RUNROOT" && chmod 755 "$RUNROOT"
up=
# shellcheck disable=SC2317 # the trap calls it
tidy() {
    [ -z "$up" ] || "$here/down_$up.sh" >/dev/null 2>&1
    rm -rf "$scratch"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# Every git account can reach it here.
sh "$root/install.sh" --prefix "$scratch/prefix" --binary "$binary" >"$scratch/install.log" 2>&1 ||
    { cat "$scratch/install.log"; exit 1; }
refgate=$scratch/prefix/bin/refgate
cat >"$scratch/anybody.toml" <<'T'
schema = 1
name = "smoke"

[[line]]
name = "main"
branch = "main"
role = "mainline"
T
cat >>"$scratch/anybody.toml" <<'T'

[[line]]
name = "release"
branch = "{major}.{minor}"
role = "release"
cut-from = "main"

[[tag]]
name = "version"
tag = "{version}"
scheme = "semver"
line = "release"
T
sed 's/^role.*/&\nmay = { create = ["alice"], push = ["alice"] }/' "$scratch/anybody.toml" >"$scratch/alice.toml"

export GIT_AUTHOR_NAME=S GIT_AUTHOR_EMAIL=s@example.com GIT_COMMITTER_NAME=S GIT_COMMITTER_EMAIL=s@example.com
export GIT_TERMINAL_PROMPT=0 GIT_CONFIG_GLOBAL=/dev/null
work=$scratch/work
git init -q -b main "$work" && git -C "$work" commit -q --allow-empty -m one || exit 1
failed=0

wrong() {
    echo "FAILED $host: $1"
    sed 's/^/    /' "$scratch/out"
    failed=1
}
push() { git -C "$work" push "$@" >"$scratch/out" 2>&1; }
# accepted URL REFSPEC / refused URL REFSPECS RULE
accepted() { push "$1" "$2" || wrong "$1 $2 was refused"; }
refused() {
    # shellcheck disable=SC2086 # a list of refspecs
    if push "$1" $2; then wrong "$1 $2 was accepted"
    elif ! grep -q "$3" "$scratch/out"; then wrong "$1 $2 was refused without $3"
    fi
}
# As the account that owns the repository: git writes its configuration anew.
setting() {
    setpriv --reuid="$(stat -c %u "$REPO")" --regid="$(stat -c %g "$REPO")" --clear-groups \
        git --git-dir="$REPO" config "$1" "$2"
}

for host in "$@"; do
    kind=pre-receive identity=none policy=$scratch/anybody.toml
    case $host in
    sshd) identity=env:REFGATE_USER policy=$scratch/alice.toml ;;
    http | apache) identity=remote-user policy=$scratch/alice.toml ;;
    gitolite | gitolite-alone | gitolite-vref) identity=gitolite policy=$scratch/alice.toml ;;
    esac
    began=$SECONDS
    shared=$scratch/prefix/share/refgate/hooks
    unset GITOLITE_DENY SECOND_LOOK
    case $host in
    gitolite*) up=gitolite type=pre-receive hook=$shared/pre-receive ;;
    *) up=$host type=none hook=$refgate ;;
    esac
    # gitolite's own rules decline one ref of a push and let the others through, after pre-receive has judged them all.
    declined='- refs/heads/1.0 = alice'
    case $host in
    gitolite) export GITOLITE_DENY=$declined SECOND_LOOK=$shared/reference-transaction ;;
    gitolite-alone) export GITOLITE_DENY=$declined ;;
    gitolite-vref) type=vref kind=vref hook=$shared/gitolite/VREF/refgate ;;
    esac
    if ! "$here/up_$up.sh" -t "$type" -c "$hook" >"$scratch/env" 2>"$scratch/out"; then
        wrong "it does not start"
        "$here/down_$up.sh" >/dev/null 2>&1
        continue
    fi
    unset GIT_SSH_COMMAND
    # shellcheck disable=SC1091
    . "$scratch/env"
    [ -z "${GIT_SSH_COMMAND:-}" ] || export GIT_SSH_COMMAND
    alice=$URL_ALICE bob=$URL_BOB
    # Accounts per person can forge what they like; the forced command cannot be talked round.
    if [ "$host" = sshd ]; then alice=$URL_SHARED_ALICE bob=$URL_SHARED_BOB; fi
    if [ "$up" = gitolite ]; then
        setting refgate.policy "$policy"
        setting refgate.identity "$identity"
    else
        "$refgate" install --repo "$REPO" --policy "$policy" --identity "$identity" >"$scratch/out" 2>&1 ||
            wrong "refgate install"
    fi
    refused "$alice" main:refs/heads/nonsense unlisted-branch
    if [ "$policy" = "$scratch/alice.toml" ]; then
        refused "$bob" main:refs/heads/main "\`bob\` may not"
    fi
    accepted "$alice" main:refs/heads/main
    refused "$alice" main:refs/notes/x foreign-ref
    case $host in
    gitolite)
        # The tag is right together with its branch alone, and gitolite declines the branch.
        git -C "$work" tag -f 1.0.0 main >/dev/null
        refused "$alice" "main:refs/heads/1.0 refs/tags/1.0.0" "misplaced-tag"
        git --git-dir="$REPO" rev-parse -q --verify refs/tags/1.0.0 && wrong "a tag landed whose branch was declined"
        ;;
    gitolite-alone)
        git -C "$work" tag -f 1.0.0 main >/dev/null
        refused "$alice" "main:refs/heads/1.0 refs/tags/1.0.0" "Failure encountered while"
        git --git-dir="$REPO" rev-parse -q --verify refs/tags/1.0.0 && wrong "a tag landed whose branch was declined"
        ;;
    esac
    if [ $kind = pre-receive ]; then
        # A group of accounts that may replace the hook is a problem, and said to be one.
        [ "$host" != sshd ] || chmod g-w "$REPO/hooks"
        "$refgate" doctor --repo "$REPO" >"$scratch/out" 2>&1 || wrong "refgate doctor"
        grep -q 'a real push as .* was refused by refgate' "$scratch/out" || wrong "refgate doctor proved nothing"
    fi
    "$here/down_$up.sh" >/dev/null 2>&1 || wrong "it does not stop"
    up=
    echo "done $host in $((SECONDS - began)) s"
done
if getent passwd | grep '^rgs-'; then
    echo "FAILED: accounts are left"
    failed=1
fi
[ $failed = 0 ] && echo "every push over $* was judged as it should be"
exit $failed
