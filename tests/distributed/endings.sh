#!/usr/bin/env bash
# A rank that throws, and one that is killed, in the middle of a ring end all ranks, within seconds.
# Use: endings.sh MPIRUN PROGRAM
set -euo pipefail

# ends HOW SAYS: rank 1 of three ends so; the others must not wait for it.
ends() {
  local status=0 output
  output=$(timeout 30 "$mpirun" -n 3 "$program" "$1" 2>&1) || status=$?
  if ((status == 0 || status == 124)) || ! grep -qF "$2" <<<"$output"; then
    printf '%s: status %d (124: it was still running after 30 s), and not "%s" but:\n%s\n' \
      "$1" "$status" "$2" "$output"
    return 1
  fi
}

mpirun=$1
program=$2
ends throws "rank 1: this rank gives up"
ends dies "Killed"
