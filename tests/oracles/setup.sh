#!/bin/sh
# Puts what versions are compared with into target/oracles: PyPI's `packaging` and setuptools_scm, npm's `semver`.
# usage: tests/oracles/setup.sh python|node
# Does nothing when it is there already. Needs python3 with venv, or npm, and their registries.
set -eu
unset CDPATH
root=$(cd -- "$(dirname -- "$0")/../.." && pwd)
oracles=$root/target/oracles
mkdir -p "$oracles"
case ${1-} in
python)
    packages='packaging==26.3 setuptools_scm==10.3.4 vcs-versioning==2.6.0'
    [ "$(cat "$oracles/python.done" 2>/dev/null)" = "$packages" ] && exit 0
    rm -rf "$oracles/python"
    python3 -m venv "$oracles/python"
    # shellcheck disable=SC2086  # several words on purpose
    "$oracles/python/bin/python" -m pip install --quiet --disable-pip-version-check $packages
    printf '%s\n' "$packages" >"$oracles/python.done"
    ;;
node)
    package='semver@7.8.6'
    [ "$(cat "$oracles/node.done" 2>/dev/null)" = "$package" ] && exit 0
    rm -rf "$oracles/node"
    mkdir -p "$oracles/node"
    npm install --silent --no-save --no-audit --no-fund --prefix "$oracles/node" "$package"
    printf '%s\n' "$package" >"$oracles/node.done"
    ;;
*)
    echo "usage: $0 python|node" >&2
    exit 2
    ;;
esac
