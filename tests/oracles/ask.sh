#!/bin/sh
# Asks dpkg, RPM, PyPI's packaging, setuptools_scm and npm's semver what tests/data/version_order says that they answered.
# usage: tests/oracles/ask.sh [--record]
# --record writes their answers instead of comparing them. Whoever is not installed is left out, and that is said;
# setup.sh gets the last three from their registries.
set -eu
unset CDPATH
oracles=$(cd -- "$(dirname -- "$0")" && pwd)
root=$(cd -- "$oracles/../.." && pwd)
data=$root/tests/data/version_order
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Each takes lines of A<TAB>B and answers each with a line.
pep440() { "$root/target/oracles/python/bin/python" "$oracles/packaging_order.py"; }
scm() { "$root/target/oracles/python/bin/python" "$oracles/scm_next.py"; }
semver() { node "$oracles/semver_order.js" "$root/target/oracles/node/node_modules/semver"; }
debian() {
    while IFS='	' read -r left right; do
        if dpkg --compare-versions "$left" lt "$right"; then echo '<'
        elif dpkg --compare-versions "$left" eq "$right"; then echo '='
        else echo '>'; fi
    done
}
nvr() {
    # shellcheck disable=SC2016 # Lua, not shell
    rpm --eval '%{lua:for line in io.lines() do
        local left, right = line:match("^(.*)\t(.*)$")
        io.stdout:write(({ "<", "=", ">" })[rpm.vercmp(left, right) + 2], "\n")
    end}' | sed '/^$/d'
}

ask() {
    name=$1 program=$2 language=${3-}
    if ! command -v "$program" > /dev/null; then
        echo "SKIPPED: no $program here, so its idea of versions was not asked for ($name)" >&2
        return
    fi
    if [ -n "$language" ]; then "$oracles/setup.sh" "$language"; fi
    cut -f 1,2 "$data/$name.tsv" > "$scratch/questions"
    "$name" < "$scratch/questions" > "$scratch/answers"
    if [ "$(wc -l < "$scratch/questions")" != "$(wc -l < "$scratch/answers")" ]; then
        echo "$name: not one answer for each question" >&2
        exit 1
    fi
    paste "$scratch/questions" "$scratch/answers" > "$scratch/recorded"
    if [ -n "$record" ]; then
        cp "$scratch/recorded" "$data/$name.tsv"
    elif ! diff "$data/$name.tsv" "$scratch/recorded" > "$scratch/differ"; then
        head -n 20 "$scratch/differ" >&2
        echo "$name: the answers are not those that are recorded; \`$0 --record\` if they are right" >&2
        exit 1
    fi
}

case ${1-} in
'') record= ;;
--record) record=1 ;;
*)
    echo "usage: $0 [--record]" >&2
    exit 2
    ;;
esac
ask pep440 python3 python
ask scm python3 python
ask semver npm node
ask debian dpkg
ask nvr rpm
