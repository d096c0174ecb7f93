#!/bin/bash
# The real pre-commit, lefthook and husky next to refgate in a clone: in every order, each installed again, each
# uninstalled in between. Pushes are judged where `refgate install` came last, and by pre-commit and husky in any case.
#
#   managers.sh [--binary FILE]
#
# Needs python3 with venv, and npm: the tools go into a temporary directory, which is removed. Where they cannot be had
# it says so and ends with 77.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
binary=
if [ "${1:-}" = --binary ]; then binary=$(realpath "$2"); fi
if [ -z "$binary" ]; then
    (cd "$root" && cargo build --quiet --locked) || exit 1
    binary=${CARGO_TARGET_DIR:-$root/target}/debug/refgate
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

skip() {
    echo "SKIPPED: tests/hosts/managers.sh needs $1; nothing was tested next to the real hook managers" >&2
    exit 77
}
mkdir "$scratch/bin" "$scratch/tools"
cp "$binary" "$scratch/bin/refgate"
{ python3 -m venv "$scratch/venv" && "$scratch/venv/bin/pip" install --quiet pre-commit; } >"$scratch/log" 2>&1 ||
    skip "pre-commit from PyPI"
(cd "$scratch/tools" && npm init --yes && npm install lefthook husky) >"$scratch/log" 2>&1 ||
    skip "lefthook and husky from npm"
export PATH=$scratch/bin:$scratch/venv/bin:$scratch/tools/node_modules/.bin:$PATH
export HOME=$scratch/home PRE_COMMIT_HOME=$scratch/cache GIT_CONFIG_NOSYSTEM=1 NO_COLOR=1
export GIT_AUTHOR_NAME=S GIT_AUTHOR_EMAIL=s@example.com GIT_COMMITTER_NAME=S GIT_COMMITTER_EMAIL=s@example.com
unset XDG_CONFIG_HOME GIT_CONFIG_GLOBAL GIT_DIR
mkdir "$HOME"
lefthook version >/dev/null 2>&1 || skip "a lefthook that runs here"
failed=0
at=

wrong() {
    echo "FAILED $at: $1"
    sed 's/^/    /' "$scratch/out"
    failed=1
}
mark=$scratch/managed

# fresh: a server and a clone, with a configuration for each manager.
fresh() {
    rm -rf "$scratch/work" "$scratch/server"
    git init -q --bare "$scratch/server"
    git init -q -b main "$scratch/work"
    cd "$scratch/work" || exit 1
    git remote add origin "$scratch/server"
    cat >.refgate.toml <<'T'
schema = 1
name = "managers"

[[line]]
name = "main"
branch = "main"
role = "mainline"
T
    cat >.pre-commit-config.yaml <<T
repos:
- repo: local
  hooks:
  - {id: mark, name: mark, entry: touch $mark, language: system, stages: [pre-push], always_run: true, pass_filenames: false}
T
    printf 'pre-push:\n  commands:\n    mark:\n      run: touch %s\n' "$mark" >lefthook.yml
    mkdir .husky && printf 'cat >%s\n' "$mark" >.husky/pre-push
    git add -A && git commit -q -m one
}

act() {
    case $1 in
    refgate) refgate install ;;
    -refgate) refgate uninstall ;;
    pre-commit) pre-commit install -t pre-push ;;
    -pre-commit) pre-commit uninstall -t pre-push ;;
    lefthook) lefthook install ;;
    -lefthook) lefthook uninstall ;;
    lefthook-change) echo "# $RANDOM" >>lefthook.yml ;;
    husky) husky ;;
    -husky) git config --unset core.hooksPath ;;
    push) git commit -q --allow-empty -m more && git push -q origin HEAD:refs/heads/main ;;
    own) printf '#!/bin/sh\ncat >/dev/null\ntouch %s.own\n' "$mark" >.git/hooks/pre-push && chmod +x .git/hooks/pre-push ;;
    esac >"$scratch/out" 2>&1 || wrong "$1"
}

# expect JUDGED MANAGED DOCTOR: yes or no, yes or no, the doctor's status.
expect() {
    if git push -q origin HEAD:refs/heads/nonsense >"$scratch/out" 2>&1; then
        judged=no
        git -C "$scratch/server" update-ref -d refs/heads/nonsense
    elif grep -q unlisted-branch "$scratch/out"; then judged=yes
    else judged=broken
    fi
    [ $judged = "$1" ] || wrong "judged: $judged, not $1"
    rm -f "$mark"
    git commit -q --allow-empty -m more
    git push -q origin HEAD:refs/heads/main >"$scratch/out" 2>&1 || wrong "a good push was refused"
    managed=no
    [ ! -e "$mark" ] || managed=yes
    [ $managed = "$2" ] || wrong "the manager's hooks ran: $managed, not $2"
    [ ! -e .git/hooks/pre-push.old ] || ! grep -q refgate-hook .git/hooks/pre-push.old || [ "$1" = no ] ||
        wrong "a shim is left in pre-push.old"
    refgate doctor >"$scratch/out" 2>&1
    [ $? = "$3" ] || wrong "the doctor does not end with $3"
}

# try JUDGED MANAGED DOCTOR STEP...
try() {
    at="${*:4}"
    fresh
    for step in "${@:4}"; do act "$step"; done
    expect "$1" "$2" "$3"
}

for tool in pre-commit husky; do
    try yes yes 0 $tool refgate
    try yes yes 0 $tool refgate $tool
    try yes yes 0 $tool refgate $tool refgate
    try yes yes 0 $tool refgate refgate $tool $tool refgate
    try no yes 1 $tool refgate -refgate
    try no yes 1 $tool refgate $tool -refgate
    try yes no 0 $tool refgate -$tool refgate
done
try yes yes 0 refgate pre-commit
try yes yes 0 refgate pre-commit refgate pre-commit
try yes no 0 refgate pre-commit -pre-commit
try yes no 0 pre-commit refgate pre-commit -pre-commit
try yes yes 0 own pre-commit refgate
try yes yes 0 own refgate pre-commit refgate
# husky and lefthook take the place and run nothing but their own: the doctor says so, and installing again repairs it.
try no yes 1 refgate husky
try yes yes 0 refgate husky refgate husky
try no yes 1 refgate lefthook
try no yes 1 lefthook refgate lefthook
try yes yes 0 lefthook refgate
try yes yes 0 refgate lefthook refgate
try yes yes 0 lefthook refgate lefthook refgate
try yes yes 0 lefthook refgate lefthook refgate lefthook refgate refgate
try yes yes 0 lefthook refgate lefthook-change push
try no yes 1 lefthook refgate -refgate
try no yes 1 lefthook refgate lefthook -refgate
try yes no 0 lefthook refgate -lefthook
try yes no 0 lefthook refgate -lefthook refgate
try yes yes 0 own lefthook refgate

# What uninstalling leaves is what was there, byte for byte.
for order in "pre-commit refgate" "pre-commit refgate pre-commit refgate" "refgate pre-commit" "lefthook refgate" \
    "refgate lefthook refgate" "lefthook refgate lefthook" "husky refgate husky"; do
    at="$order -refgate"
    fresh
    for step in $order -refgate; do act "$step"; done
    tool=${order#refgate }
    tool=${tool%% *}
    hooks=.git/hooks
    [ "$tool" != husky ] || hooks=.husky
    find $hooks -type f ! -name '*.sample' -exec sha256sum {} + | sort >"$scratch/after"
    fresh
    act "$tool"
    find $hooks -type f ! -name '*.sample' -exec sha256sum {} + | sort >"$scratch/before"
    diff "$scratch/before" "$scratch/after" >"$scratch/out" || wrong "something else is left"
done
[ $failed = 0 ] && echo "refgate judged next to pre-commit $(pre-commit --version | cut -d' ' -f2), lefthook $(lefthook version) and husky as it should"
exit $failed
