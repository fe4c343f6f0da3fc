#!/bin/bash
# shell.sh ROOT: shellcheck over every shell script.
set -euo pipefail
cd "$1"
mapfile -t files < <(find run .ci cmake tests docs -type f -not -path '*/corpus/*' \
  -exec grep -lE -m1 '^#!/bin/(ba)?sh' {} + | sort)
((${#files[@]})) || { echo "shell: no files" && exit 1; }
# SC2016: what stands in single quotes for another shell to expand.
shellcheck --exclude=SC2016 --external-sources --source-path=SCRIPTDIR "${files[@]}"
echo "${#files[@]} scripts are fine"
