# shellcheck shell=bash
# shellcheck disable=SC2034,SC2015
# Real git hosts on 127.0.0.1 for tests: shared by up_*.sh, down_*.sh and smoke.sh.  Sourced, never run.
# Contract of every up_X.sh:
#   up_X.sh [-t TYPE] [-c] HOOK_EXECUTABLE
#     TYPE  pre-receive (default) | update | both | none   (gitolite adds: vref | repo-hook)
#     -c    clean: run down first and recreate the repository
#   stdout (only): KEY=VALUE lines, shell-quoted, also kept in $RUN/env; everything else on stderr
#   always present: HOST URL_ALICE URL_BOB REPO (bare repository on disk) UP_SECONDS
# down_X.sh: stops what up started (by pid), removes the users and $RUN.  Both are idempotent.
set -euo pipefail
HOSTS_DIR=${HOSTS_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}
RUNROOT=${RUNROOT:-${TMPDIR:-/tmp}/refgate-hosts}
LOOP=127.0.0.1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
[ "$(id -u)" = 0 ] || die "must be root (accounts, sshd)"

now_ms() { date +%s%3N; }
T0=$(now_ms)

# --- packages: installs without starting any service --------------------------------------------
need_pkgs() {
  local miss=() p
  for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || miss+=("$p"); done
  [ ${#miss[@]} -eq 0 ] && return 0
  say "apt-get install ${miss[*]}"
  local prc=/usr/sbin/policy-rc.d made=
  if [ ! -e $prc ]; then printf '#!/bin/sh\nexit 101\n' >$prc; chmod 755 $prc; made=1; fi
  local rc=0
  { apt-get install -y -q --no-install-recommends "${miss[@]}" \
    || { apt-get update -q && apt-get install -y -q --no-install-recommends "${miss[@]}"; }; } >&2 2>&1 || rc=$?
  [ -n "$made" ] && rm -f $prc
  return $rc
}

# --- processes: only pids we wrote -----------------------------------------------------------------
alive() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null; }
pid_of() { [ -s "$1" ] && cat "$1" || true; }
# stop_pid PIDFILE MUST_MATCH : ends that pid only if its command line still contains MUST_MATCH
stop_pid() {
  local f=$1 want=$2 p i
  p=$(pid_of "$f"); [ -n "$p" ] || return 0
  if alive "$p" && tr '\0' ' ' </proc/"$p"/cmdline 2>/dev/null | grep -qF -- "$want"; then
    local t=$p; [ "$(ps -o pgid= -p "$p" 2>/dev/null | tr -d ' ')" = "$p" ] && t=-$p   # we started it in its own group: take its workers too
    kill -- "$t" 2>/dev/null || true
    for i in $(seq 50); do alive "$p" || break; sleep 0.1; done
    alive "$p" && kill -9 -- "$t" 2>/dev/null || true
  fi
  rm -f "$f"
}
wait_port() { # PORT [seconds]
  local i n=$(( ${2:-10} * 20 ))
  for i in $(seq "$n"); do
    (exec 3<>/dev/tcp/$LOOP/"$1") 2>/dev/null && return 0
    sleep 0.05
  done
  die "nothing listens on $LOOP:$1"
}
port_free() { ! (exec 3<>/dev/tcp/$LOOP/"$1") 2>/dev/null || die "port $1 is taken by something else"; }

# --- accounts ----------------------------------------------------------------------------------------
# '*' and not '!': sshd with UsePAM no refuses an account whose password field starts with '!'
mk_user() { # NAME HOME SHELL [GROUP]
  getent group "${4:-$1}" >/dev/null || groupadd --system "${4:-$1}"
  id "$1" >/dev/null 2>&1 || useradd --system --gid "${4:-$1}" --home-dir "$2" --shell "$3" --password '*' "$1"
  mkdir -p "$2"; chown "$1:${4:-$1}" "$2"; chmod 755 "$2"
}
rm_user() { if id "$1" >/dev/null 2>&1; then userdel "$1" >/dev/null 2>&1 || true; fi
            getent group "$1" >/dev/null && groupdel "$1" 2>/dev/null || true; }
as() { local u=$1; shift; # run as user with a scrubbed environment
  setpriv --reuid="$u" --regid="$(id -g "$u")" --init-groups --reset-env env PATH="$GITPATH" LC_ALL=C.UTF-8 "$@"; }

# bg_as PIDFILE LOGFILE USER DIR cmd... : starts cmd as user in the background in its own session; PIDFILE gets its own pid
bg_as() {
  local f=$1 log=$2 u=$3 d=$4; shift 4
  ( cd "$d"; exec setsid setpriv --reuid="$u" --regid="$(id -g "$u")" --init-groups --reset-env env PATH="$GITPATH" LC_ALL=C.UTF-8 "$@" ) >"$log" 2>&1 </dev/null 3>&- &
  echo $! >"$f"
}

# which git serves: SERVER_GIT=/usr/bin/git (Debian) or /usr/local/bin/git; default: first on the PATH
server_git() {
  need_pkgs git ca-certificates procps
  SSHD_PATH_LINE=''; [ -z "${SERVER_GIT:-}" ] || SSHD_PATH_LINE="SetEnv PATH=$(dirname "$SERVER_GIT"):/usr/local/bin:/usr/bin:/bin"
  SERVER_GIT=${SERVER_GIT:-$(PATH=/usr/local/bin:/usr/bin:/bin command -v git)}
  GITPATH=$(dirname "$SERVER_GIT"):/usr/local/bin:/usr/bin:/bin
  GIT_EXEC=$("$SERVER_GIT" --exec-path)
  SERVER_GIT_VERSION=$("$SERVER_GIT" version)
}

# --- keys --------------------------------------------------------------------------------------------
mk_key() { mkdir -p "$RUN/keys"; [ -s "$RUN/keys/$1" ] || ssh-keygen -q -t ed25519 -N '' -C "$1@refgate-hosts" -f "$RUN/keys/$1"; }

# --- repositories --------------------------------------------------------------------------------------
# OBJFMT=sha1|sha256  REFFMT=files|reftable (git >= 2.45)
mk_bare() { # PATH OWNER
  local args=(--bare -q -b main)
  [ "${OBJFMT:-sha1}" = sha1 ] || args+=(--object-format="$OBJFMT")
  [ "${REFFMT:-files}" = files ] || args+=(--ref-format="$REFFMT")
  [ -e "$1/HEAD" ] || "$SERVER_GIT" init "${args[@]}" "$1"
  chown -R "$2" "$1"
  as "${2%%:*}" "$SERVER_GIT" -C "$1" config receive.advertisePushOptions true
}
# hook files are copied: the git account must not need access to where HOOK lives (often /root, 0700)
put_hook() { # REPO OWNER
  local t
  for t in pre-receive update; do rm -f "$1/hooks/$t"; done
  mkdir -p "$1/hooks"
  for t in $TYPES; do install -o root -g root -m 755 "$HOOK" "$1/hooks/$t"; done
}
std_args() {
  exec 3>&1 1>&2          # whatever a tool prints goes to stderr; only done_up writes to the real stdout
  TYPE=pre-receive CLEAN=
  local o OPTIND=1
  while getopts t:c o; do case $o in t) TYPE=$OPTARG;; c) CLEAN=1;; *) exit 2;; esac; done
  shift $((OPTIND-1))
  [ $# -eq 1 ] || die "usage: $(basename "$0") [-t pre-receive|update|both|none] [-c] HOOK_EXECUTABLE"
  HOOK=$(readlink -f "$1"); [ -x "$HOOK" ] || die "not executable: $1"
  case $TYPE in both) TYPES="pre-receive update";; none) TYPES=;; *) TYPES=$TYPE;; esac
  if [ -n "$CLEAN" ] && [ -x "$HOSTS_DIR/down_$HOST.sh" ]; then "$HOSTS_DIR/down_$HOST.sh" >&2; fi
  mkdir -p "$RUN"; chmod 755 "$RUNROOT" "$RUN"
}
emit() { : >"$RUN/env.new"; }
kv() { printf '%s=%q\n' "$1" "$2" >>"$RUN/env.new"; }
done_up() {
  kv UP_SECONDS "$(awk -v a="$T0" -v b="$(now_ms)" 'BEGIN{printf "%.1f",(b-a)/1000}')"
  mv "$RUN/env.new" "$RUN/env"; cat "$RUN/env" >&3
}
