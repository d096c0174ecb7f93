# What the rows of the seeds are written in: a bare server with a preset behind refgate's own hooks, and a clone that
# pushes to it. $D is a folder of the row's own; refgate is on the PATH.
# shellcheck shell=sh
set -eu
export HOME="$D" LC_ALL=C GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$D/config" GIT_TERMINAL_PROMPT=0
cat > "$D/config" << 'CONFIG'
[user]
	name = Ann
	email = ann@example.com
[advice]
	detachedHead = false
[gc]
	auto = 0
[maintenance]
	auto = false
CONFIG
: > "$D/accepted"
: > "$D/refused"
MINUTE=0

# A minute later: every commit and every tag has a time of its own.
later() {
    MINUTE=$((MINUTE + 1))
    GIT_AUTHOR_DATE="@$((1700000000 + MINUTE * 60)) +0000"
    GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
    export GIT_AUTHOR_DATE GIT_COMMITTER_DATE
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# site PRESET [MAIN]: a server and a clone of it, which has to make the first commit.
site() {
    git init -q --bare --template= --initial-branch="${2:-master}" "$D/server.git"
    refgate install --repo "$D/server.git" --policy "preset:$1" > "$D/installed" 2>&1 || fail "$(cat "$D/installed")"
    git clone -q --template= "$D/server.git" "$D/clone" 2> /dev/null
    cd "$D/clone"
    git symbolic-ref HEAD "refs/heads/${2:-master}"
}

# c MESSAGE [FILE CONTENT]...: a commit.
c() {
    message=$1
    shift
    while [ $# -gt 1 ]; do
        mkdir -p "$(dirname "$1")"
        printf '%b\n' "$2" > "$1"
        git add "$1"
        shift 2
    done
    later
    git commit -q --allow-empty -m "$message"
}

# t NAME [COMMIT]: an annotated tag.
t() {
    later
    git tag -a -m "$1" "$@"
}

# pick COMMIT...: cherry-pick -x.
pick() {
    later
    git cherry-pick -x "$@" > /dev/null 2>&1 || fail "cannot pick $*"
}

# merge BRANCH: a merge commit.
merge() {
    later
    git merge -q --no-ff -m "Merge $1" "$1" > /dev/null || fail "cannot merge $1"
}

# accepted REFSPEC...: this push is accepted.
accepted() {
    echo "$*" >> "$D/accepted"
    git push -q origin "$@" > "$D/said" 2>&1 || fail "git push $* was refused:
$(cat "$D/said")"
}

# refused RULE REFSPEC...: this push is refused, by this rule.
refused() {
    rule=$1
    shift
    echo "$*" >> "$D/refused"
    ! git push -q origin "$@" > "$D/said" 2>&1 || fail "git push $* was accepted, and $rule refuses it:
$(cat "$D/said")"
    grep -q "error\[$rule\]" "$D/said" || fail "git push $* was refused, and not by $rule:
$(cat "$D/said")"
}

# warned RULE REFSPEC...: this push is accepted with a warning of this rule.
warned() {
    rule=$1
    shift
    accepted "$@"
    grep -q "warning\[$rule\]" "$D/said" || fail "git push $* has no warning of $rule:
$(cat "$D/said")"
}

# quiet REFSPEC...: this push is accepted without a word.
quiet() {
    accepted "$@"
    [ ! -s "$D/said" ] || fail "git push $* says: $(cat "$D/said")"
}

# says TEXT COMMAND...: what the command prints has this text.
says() {
    text=$1
    shift
    "$@" > "$D/printed" 2>&1 || :
    grep -qF -- "$text" "$D/printed" || fail "\`$text\` is not in what \`$*\` says:
$(cat "$D/printed")"
}

# paste: runs the commands that the last refusal shows.
paste() {
    sed -n 's/^remote:       \(git .*\)/\1/p' "$D/said" | sed 's/ *$//' > "$D/pasted"
    [ -s "$D/pasted" ] || fail "there is no command in:
$(cat "$D/said")"
    later
    sh -e "$D/pasted" > "$D/did" 2>&1 || fail "$(cat "$D/pasted") fails:
$(cat "$D/did")"
}
