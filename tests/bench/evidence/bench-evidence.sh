#!/bin/bash
# psd-bench-evidence [--full] [--json]: indicia, their verification, tokens, symbols, and the database of pieces seen, in one run
# (docs/performance.md). --full takes that database to 10 million pieces.
set -euo pipefail
shopt -s inherit_errexit

# CMake fills in the names between @.
readonly root='@PROJECT_SOURCE_DIR@' build='@PROJECT_BINARY_DIR@'
readonly bench=$build/tests/bench work=$build/tests/bench/evidence-work
readonly psd_card=$build/card/emulator/psd-card ifd=$build/card/emulator/libifdpsd.so
readonly psd_verify=$build/server/verify/psd-verify
readonly private_postgres=$root/tests/e2e/private-postgres
# For trying things: the parts that are measured; PSD_BENCH_POSTGRES= leaves PostgreSQL out.
IFS=' ' read -ra parts <<<"${PSD_BENCH_PARTS-indicia verify tokens codes seen}"
readonly parts
sizes=(10000 100000 1000000)
PATH=$bench:$build/tests/e2e:$PATH
# shellcheck source=tests/bench/lib.sh
. "$root/tests/bench/lib.sh"

card_at_socket() { # name, state, option of psd-card...
  start_until 1 "listening at" "$psd_card" run --state "$work/$2.state" --listen "$work/$2.sock" "${@:3}"
  bench-indicia at "$1=$work/$2.sock"
  stop "$started"
}

# Inside private-pcscd: a card behind the IFD handler.
in_pcscd() {
  pcsc-wait card "$PSD_IFD_READER 00" >/dev/null
  bench-indicia at "ifd=$PSD_IFD_READER 00"
}

measure_indicia() {
  say "indicia: in process"
  bench-indicia in "$work"
  say "indicia: psd-card at a socket, and behind pcscd"
  bench-indicia make "$work/socket.state"
  card_at_socket socket_quick socket --no-sync
  card_at_socket socket socket
  mkdir "$work/ifd"
  bench-indicia make "$work/ifd/0.state"
  "$root/tests/e2e/private-pcscd" --build "$build" --vpcd 2 --ifd "$ifd:$work/ifd" -- "$0" pcscd
}

# One core is the one this script runs on: all threads of psd-verify share it then.
measure_verify() {
  local processor
  processor=$(taskset -c -p $$ | grep -o '[0-9]*$')
  mkdir "$work/site"
  say "verification: a site with 1 000 meters, lists of pieces"
  bench-verify make "$work/site"
  say "verification: one core"
  taskset -c "$processor" bench-verify rate one "$psd_verify" "$work/site" 1
  say "verification: $(nproc) cores"
  echo "verify.cores $(nproc)"
  bench-verify rate all "$psd_verify" "$work/site" "$(nproc)"
  say "verification: memory"
  bench-verify memory "$psd_verify" "$work/site" "$(nproc)"
}

measure_tokens() {
  say "tokens"
  mkdir "$work/tokens"
  bench-tokens "$work/tokens"
}

measure_codes() {
  say "symbols"
  bench-codes "$work"
}

measure_seen() {
  say "pieces seen, on SQLite: ${sizes[*]}"
  bench-seen sqlite "sqlite:$work/seen.db" "${sizes[@]}"
  rm -f "$work/seen.db"*
  if [[ ${PSD_BENCH_POSTGRES-yes} ]]; then
    say "pieces seen, on PostgreSQL: 10000 100000 1000000"
    "$private_postgres" --durable "$0" postgres
  fi
}

measure() {
  local part
  trap end_all EXIT
  rm -rf "$work"
  mkdir -p "$work"
  for part in "${parts[@]}"; do
    "measure_$part"
  done
  rm -rf "$work"
}

usage() {
  echo "usage: psd-bench-evidence [--full] [--json]" >&2
  exit 2
}

main() {
  local report=() argument
  for argument in "$@"; do
    case $argument in
    --full) sizes+=(10000000) ;;
    --json) report=(--json) ;;
    *) usage ;;
    esac
  done
  rows=$(measure)
  perl "$root/tests/bench/evidence/report.pl" "${report[@]}" <<<"$rows"
}

case ${1:-} in
pcscd) in_pcscd ;;
postgres) bench-seen postgresql "$PSD_POSTGRES" 10000 100000 1000000 ;;
*) main "$@" ;;
esac
