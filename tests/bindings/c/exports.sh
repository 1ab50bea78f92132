#!/usr/bin/env bash
# libclearhead_c.so exports the functions that clearhead.h declares, all of them and nothing else.
# Use: exports.sh LIBRARY HEADER
set -euo pipefail
exported=$(nm --dynamic --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort)
declared=$(grep -A2 '^CLEARHEAD_API' "$2" | grep -oE '\bclearhead_[a-z_]+\(' | tr -d '(' | sort -u)
diff <(printf '%s\n' "$declared") <(printf '%s\n' "$exported") || {
  echo "exports.sh: < is declared, > is exported" >&2
  exit 1
}
