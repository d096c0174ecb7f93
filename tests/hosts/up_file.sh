#!/bin/bash
# No host at all: a bare repository reached by path / file://.  The hook runs as the pusher, with the pusher's whole environment.
HOST='file'; . "$(dirname "$0")/lib.sh"; RUN=$RUNROOT/$HOST
std_args "$@"; server_git
REPO=$RUN/demo.git; mk_bare "$REPO" root:root; put_hook "$REPO"
emit; kv HOST $HOST; kv REPO "$REPO"; kv SERVER_GIT_VERSION "$SERVER_GIT_VERSION"; kv URL_ALICE "file://$REPO"; kv URL_BOB "$REPO"
done_up
