#!/bin/bash
# cppcheck.sh ROOT BUILD JOBS: cppcheck over every source of the build.
set -euo pipefail
root=$1 build=$2 jobs=$3
here=$(dirname "$(realpath "$0")")
mkdir -p "$build/lint/cppcheck"
perl "$here/commands.pl" unique "$build/compile_commands.json" >"$build/lint/cppcheck/compile_commands.json"
cppcheck --project="$build/lint/cppcheck/compile_commands.json" --cppcheck-build-dir="$build/lint/cppcheck" -j "$jobs" --quiet \
  --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
  --suppress=missingIncludeSystem --suppressions-list="$root/tests/lint/cppcheck.txt"
echo "cppcheck is content"
