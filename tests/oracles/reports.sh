#!/bin/sh
# Gives one project with hostile names to every command that reports, and every report to the programs that it is for:
# SARIF to Microsoft's validator, JUnit to Jenkins' schema and a parser, GitLab's to what its documentation requires.
# usage: tests/oracles/reports.sh BINARY
# Whoever is not installed is left out, and that is said; setup.sh gets them from their registries.
set -eu
unset CDPATH
binary=$1
oracles=$(cd -- "$(dirname -- "$0")" && pwd)
root=$(cd -- "$oracles/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com \
    GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com

# What other programs give a meaning to: XML, HTML, JSON, Markdown, terminals, CI systems, and bytes that are not text.
# shellcheck disable=SC2016 # backticks that stay
hostile=$(printf 'fix: \033[31m::error::x \342\200\256 ]]> </script> <!-- & " \047 @all #1 `x` **b** | %%0A \001 \377 \357\277\276')
text=$(printf ']]>&\047"<b>@all,#1%%0A|`\303\251')
name=$text$(printf '\377')
repository=$scratch/project
git init -q --initial-branch=main "$repository"
cd "$repository"
git config i18n.commitEncoding bytes
make() {
    mkdir -p -- "$(dirname -- "$2")"
    printf '%s\n' "$3" >> "$2"
    git add -- "$2"
    git commit -qm "$1"
}
make first VERSION 1.0.0
make "feat: a beginning" src/a "the first line of it"
git checkout -q -b release/1.0
make "$hostile" "src/$name" "a line that the mainline does not have at all"
make "feat: not here" VERSION 9.9.9
git tag -a -m 1.0.0 v1.0.0
git tag "w$name"
git checkout -q -b "topic/$name"
make "$hostile" src/b "another line that the mainline does not have"
git checkout -q main
make "$(printf '%s\n\nWanted: all' "$hostile")" src/c "a line that no release branch has at all"
printf 'note\n' | git notes --ref "other/$name" add -F - HEAD
cat > "$scratch/policy.toml" << 'EOF'
schema = 1
name = "<b>]]>::error::`@all`"

[[line]]
name = "main"
branch = "main"
role = "mainline"

[[line]]
name = "release"
branch = "release/{major}.{minor}"
role = "release"
cut-from = "main"
refuses-changes = ["feature"]

[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
line = "release"

[[version-field]]
path = "VERSION"
pattern = '(?P<version>\S+)'

[[flow]]
from = "release"
to = "main"
by = ["pick"]
due = "next-tag"

[[flow]]
from = "main"
to = "release"
by = ["pick"]
due = "next-tag"
wanted-by = [{ trailer = "Wanted" }]

[rules.unlisted-branch]
level = "warn"

[rules.unlisted-tag]
level = "observe"
EOF

# Each report is asked for in all formats at once.
report() {
    what=$1 code=$2
    shift 2
    found=0
    "$binary" "$@" --repo "$repository" --policy "$scratch/policy.toml" --remote none --format json \
        --output "sarif=$scratch/$what.sarif" --output "junit=$scratch/$what.junit.xml" \
        --output "gitlab=$scratch/$what.gitlab.json" > "$scratch/$what.json" 2> "$scratch/$what.err" || found=$?
    if [ "$found" != "$code" ]; then
        cat "$scratch/$what.err" >&2
        echo "$what: exit code $found, not $code" >&2
        exit 1
    fi
}
zero=0000000000000000000000000000000000000000
topic=$(git rev-parse "refs/heads/topic/$name")
report check 1 check --ref "refs/heads/main=$(git rev-parse main~1)..$topic" --ref "refs/heads/x$text=$zero..$topic" \
    --ref "refs/heads/release/1.0=$(git rev-parse v1.0.0~1)..$(git rev-parse 'v1.0.0^{commit}')"
report accepted 0 check --ref "refs/heads/main=$(git rev-parse main~1)..$(git rev-parse main)"
report replay 1 replay
report landed 0 landed
report ledger 0 landed --ledger

for what in check replay landed ledger; do
    if ! grep -q '"ruleId"' "$scratch/$what.sarif"; then
        echo "$what: nothing was found, so nothing is shown" >&2
        exit 1
    fi
done
tool=$root/target/oracles/sarif/node_modules/@microsoft/sarif-multitool-linux
if command -v npm > /dev/null && [ "$(uname -s)" = Linux ]; then
    "$oracles/setup.sh" sarif
    # Its warnings are advice: it wants an address of the project, of which there is not one. It takes what is against the
    # schema that comes with it, which is asked below.
    "$tool/Sarif.Multitool" validate "$scratch"/*.sarif > "$scratch/said" 2>&1 || :
    if ! grep -q '^Analysis completed successfully' "$scratch/said" || grep -q ': error ' "$scratch/said"; then
        cat "$scratch/said" >&2
        exit 1
    fi
else
    echo "SKIPPED: no npm here, so no SARIF was validated" >&2
fi
if command -v python3 > /dev/null; then
    "$oracles/setup.sh" reports
    "$root/target/oracles/reports/bin/python" "$oracles/reports.py" "$scratch" "$root/target/oracles/junit-10.xsd" \
        "$tool/sarif-2.1.0.json"
else
    echo "SKIPPED: no python3 here, so no report was validated by its schema" >&2
fi
