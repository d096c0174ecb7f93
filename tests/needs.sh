# shellcheck shell=sh
# Read by the scripts that the README tells a newcomer to type: what they need on a fresh machine.

# rustup leaves the PATH to the next login.
if ! command -v cargo > /dev/null && [ -x "${CARGO_HOME:-${HOME:-}/.cargo}/bin/cargo" ]; then
    PATH=${CARGO_HOME:-${HOME:-}/.cargo}/bin:$PATH
fi
if ! command -v cargo > /dev/null; then
    echo "there is no cargo: a Rust toolchain is needed, https://rustup.rs has one" >&2
    exit 1
fi

missing=
# need COMMAND PACKAGE...: the Debian packages that have a command, if it is not there.
need() {
    command -v "$1" > /dev/null && return
    shift
    missing="$missing $*"
}

# Installs what was found missing: as root on Debian. Elsewhere it says what is, and what needs it says so where it is used.
install_missing() {
    [ -n "$missing" ] || return 0
    if ! command -v apt-get > /dev/null || [ "$(id -u)" != 0 ]; then
        echo "missing here, by the names of Debian's packages:$missing"
        return 0
    fi
    echo "installing:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
}
