#!/bin/bash
HOST='file'; . "$(dirname "$0")/lib.sh"; rm -rf "${RUNROOT:?}/$HOST"
