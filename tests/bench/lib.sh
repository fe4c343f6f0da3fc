# What the scripts of the benchmarks share; sourced by them. $work is a folder of the script's own, $build that of the build.
# shellcheck shell=bash

say() {
  echo "-- $*" >&2
}

# For `trap end_all EXIT`: what was started ends with whatever fails.
end_all() {
  local left
  mapfile -t left < <(jobs -p)
  ((${#left[@]} == 0)) || kill "${left[@]}" 2>/dev/null || true
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

# Bytes of code with its constants, and of variables, of what every card consists of, cryptography apart. Constants with
# addresses in them are in .data.rel.ro. What turns bytes into words is not in the card.
sizes() {
  size -A "$build/card/libpsd_card.a" "$build/card/store/libpsd_store.a" "$build/apdu-spec/libpsd_spec.a" |
    awk '/ \(ex / { outside = /^(describe|[a-z]+_words|text|amount)/ }
      outside || !/^\./ { next }
      $1 ~ /^\.(text|rodata|data\.rel\.ro|eh_frame)/ { code += $2 }
      $1 ~ /^\.(data|bss)/ && $1 !~ /^\.data\.rel\.ro/ { variables += $2 }
      END { print "size.code", code; print "size.variables", variables + 0 }'
}
