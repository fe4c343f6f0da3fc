#!/bin/bash
# format.sh ROOT: every C file is as clang-format would write it (`./run format` does).
set -euo pipefail
cd "$1"
mapfile -t files < <(find apdu-spec card reader server tests -name '*.[ch]' -not -path '*/corpus/*' | sort)
((${#files[@]})) || { echo "format: no files" && exit 1; }
clang-format --dry-run -Werror "${files[@]}"
echo "${#files[@]} files are formatted"
