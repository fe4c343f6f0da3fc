# What the scripts of the benchmarks share; sourced by them. $work is a folder of the script's own.
# shellcheck shell=bash

say() {
  echo "-- $*" >&2
}

# Starts a program in the background, its standard error into $work/programs.log; its process is left in $started.
start() {
  "$@" 2>>"$work/programs.log" &
  started=$!
}

# The same, and waits until it has said WORDS so many times, on standard output or standard error. What else it says goes
# to the same log.
start_until() { # COUNT WORDS COMMAND...
  local left=$1 words=$2 line fifo=$work/saying
  shift 2
  mkfifo "$fifo"
  "$@" >"$fifo" 2>&1 &
  started=$!
  exec {log}<"$fifo"
  rm "$fifo"
  while ((left > 0)) && read -r line <&"$log"; do
    echo "$line" >>"$work/programs.log"
    [[ $line != *"$words"* ]] || left=$((left - 1))
  done
  ((left == 0)) || { echo "bench: $*: ended before it said '$words', see $work/programs.log" >&2 && exit 1; }
  cat <&"$log" >>"$work/programs.log" &
  exec {log}<&-
}

stop() { # process...
  kill "$@"
  wait "$@"
}
