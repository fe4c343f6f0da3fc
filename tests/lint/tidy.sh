#!/bin/bash
# tidy.sh ROOT BUILD JOBS: clang-tidy over every source of the build but the tests. A file whose input has not changed since
# it was last found clean is not looked at again.
set -euo pipefail
root=$1 build=$2 jobs=$3
here=$(dirname "$(realpath "$0")")
work=$build/lint
clean=$work/clean
mkdir -p "$clean"

# Everything clang-tidy's verdict depends on: its rules, the command line, the source, and what it includes.
fingerprint() { # file
  {
    cat "$root/.clang-tidy" "$1"
    clang-tidy --version
    perl "$here/commands.pl" preprocess "$work/compile_commands.json" "$1"
  } | sha256sum | cut -d' ' -f1
}

check() { # file
  local stamp output
  stamp=$clean/$(fingerprint "$1")
  [[ ! -e $stamp ]] || return 0
  if output=$(clang-tidy -p "$work" --quiet --extra-arg=-Wno-unknown-warning-option "$1" 2>&1); then
    : >"$stamp"
  else
    printf '%s\n' "$output"
    return 1
  fi
}
export -f check fingerprint
export root work clean here

# A source that several libraries are made of stands in the list once for each: once is enough.
perl "$here/commands.pl" unique "$build/compile_commands.json" >"$work/compile_commands.json"
mapfile -t files < <(perl "$here/commands.pl" files "$work/compile_commands.json" | grep -v "^$root/tests/")
((${#files[@]})) || { echo "tidy: no files" && exit 1; }
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$jobs" bash -c 'check "$1"' check
echo "${#files[@]} files are tidy"
