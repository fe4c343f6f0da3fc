#!/bin/bash
# man.sh ROOT: every manual page is set without a warning, and has the sections a reader looks for.
set -euo pipefail
cd "$1"
mapfile -t pages < <(find docs/man -name '*.[1-8]' | sort)
((${#pages[@]})) || { echo "man: no pages" && exit 1; }
status=0
for page in "${pages[@]}"; do
  warnings=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
  [[ -z $warnings ]] || { echo "$warnings" && status=1; }
  for section in NAME SYNOPSIS DESCRIPTION; do
    grep -qE "^\.S[Hh] \"?$section" "$page" || { echo "$page: no section $section" && status=1; }
  done
done
echo "${#pages[@]} pages looked at"
exit $status
