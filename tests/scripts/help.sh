#!/usr/bin/env bash
# Each script says what it is for when it is asked to, and does nothing else. They are run in a
# folder that holds nothing but them, without the programs that install or build.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/programs"
cp -r "$root/scripts" "$root/.ci" "$folder"
for program in bash dirname env sed; do
  ln -s "$(command -v $program)" "$folder/programs/$program"
done

faults=0
cd "$folder"
for script in scripts/* .ci/*; do
  for argument in -h --help; do
    if ! said=$(PATH=$folder/programs "$script" $argument 2>&1) ||
      [[ $said != "$(sed -n '2s/^# //p' "$script")"* ]]; then
      printf '%s %s: expected what the script is for, got:\n%s\n' "$script" "$argument" "$said"
      faults=$((faults + 1))
    fi
  done
done
exit $((faults > 0))
