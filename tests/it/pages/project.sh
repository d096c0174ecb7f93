# What a page finds on its machine: `project.sh MACHINE`.
#
# /srv/git/project.git is a server's repository, and /home/ann/project a clone of it with a policy, in which the commands of
# a page are run. `begin` is what the shell of a page runs first.
set -eu
machine=$1
export GIT_CONFIG_NOSYSTEM=1
mkdir -p "$machine/srv/git" "$machine/etc/refgate" "$machine/var/log/refgate"

cat > "$machine/begin" <<'END'
day=0
at() { day=$((day + 1)); export GIT_AUTHOR_DATE="$((1767225600 + day * 86400)) +0000"; export GIT_COMMITTER_DATE="$GIT_AUTHOR_DATE"; }
change() { at; mkdir -p "$(dirname "$1")"; echo "$2" >> "$1"; git add "$1"; git commit --quiet --message "$2"; }
tagged() { git tag --annotate --message "$1" "$1"; }
# A job of GitHub Actions about the last push to main.
job() {
    export GITHUB_ACTIONS=true CI=true GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main GITHUB_REPOSITORY=ann/project
    export GITHUB_EVENT_PATH="$HOME/event.json" GITHUB_SHA="$(git rev-parse origin/main)"
    printf '{"ref":"refs/heads/main","before":"%s","after":"%s","repository":{"default_branch":"main"}}\n' \
        "$(git rev-parse origin/main~1)" "$GITHUB_SHA" > "$GITHUB_EVENT_PATH"
}
case $PAGE in
README.md)
    refgate install --repo "$HOME/../../srv/git/project.git" --policy preset:stable-branches
    tagged 1.19.1
    ;;
docs/replay.md)
    git push --quiet origin main:refs/heads/release/2.0
    tagged v2.0.0
    git push --quiet origin v2.0.0
    cp .refgate.toml new.toml
    ;;
docs/formats.md) job ;;
docs/ci.md)
    # A job's clone of a project that is tagged on its mainline.
    git clone --quiet --depth 1 "file://$(cd "$HOME/../../srv/git" && pwd)/trunk.git" "$HOME/job"
    cd "$HOME/job"
    ;;
esac
END
PAGE='' . "$machine/begin"

git init --quiet --bare --initial-branch=main "$machine/srv/git/project.git"
git init --quiet --bare --initial-branch=main "$machine/srv/project.git"
git -C "$machine/srv/project.git" config refgate.policy preset:trunk
git init --quiet --initial-branch=main "$machine/home/ann/project"
cd "$machine/home/ann/project"
git remote add origin "$machine/srv/git/project.git"
change one 'feat: one'
printf 'schema = 1\nname = "project"\nextends = ["preset:stable-branches"]\n' > .refgate.toml
git add .refgate.toml
at
git commit --quiet --message 'docs: how we release'
git branch release/1.19
tagged 1.19.0
change two 'feat: two'
git branch release/1.20
tagged 1.20.0
change three 'fix: three'
git push --quiet origin --all --follow-tags
git fetch --quiet origin
git remote set-head origin main
printf '../../../srv/git/project.git\n' > "$machine/home/ann/project/teams.txt"
cp .refgate.toml "$machine/etc/refgate/org.toml"
git -C "$machine/srv/git/project.git" config refgate.policy ref:refs/heads/main:.refgate.toml
git clone --quiet --bare "$machine/srv/git/project.git" "$machine/srv/git/a.git"
git -C "$machine/srv/git/a.git" config refgate.policy preset:stable-branches

git init --quiet --bare --initial-branch=main "$machine/srv/git/trunk.git"
git -C "$machine/srv/git/trunk.git" config refgate.policy preset:trunk
git init --quiet --initial-branch=main "$machine/trunk"
cd "$machine/trunk"
printf 'schema = 1\nname = "trunk"\nextends = ["preset:trunk"]\n' > .refgate.toml
git add .refgate.toml
change VERSION 1.0.0
change one 'feat: one'
git push --quiet "$machine/srv/git/trunk.git" main
rm -rf "$machine/trunk"
