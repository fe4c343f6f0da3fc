#!/bin/bash
# psd-bench-card [--json]: everything that is measured of the card, in one run (docs/performance.md), with a private pcscd.
set -euo pipefail
shopt -s inherit_errexit

# CMake fills in the names between @.
readonly root='@PROJECT_SOURCE_DIR@' build='@PROJECT_BINARY_DIR@'
readonly bench=$build/tests/bench psd_card=$build/card/emulator/psd-card ifd=$build/card/emulator/libifdpsd.so
readonly work=$bench/work
readonly further=8 # cards beside the first one
PATH=$bench:$build/tests/e2e:$PATH
# shellcheck source=tests/bench/lib.sh
. "$root/tests/bench/lib.sh"

vpcd() { # slot
  echo "localhost:$((PSD_VPCD_PORT + $1))"
}

reader() { # slot
  echo "$PSD_VPCD_READER 0$1"
}

ifd_reader() { # slot
  echo "$PSD_IFD_READER 0$1"
}

wait_inserted() { # reader...
  local name
  for name in "$@"; do
    pcsc-wait card "$name" >/dev/null
  done
}

wait_removed() { # reader...
  local name
  for name in "$@"; do
    pcsc-wait empty "$name"
  done
}

make_cards() {
  local i
  rm -rf "$work"
  mkdir -p "$work/cards" "$work/ifd" "$work/process"
  for ((i = 0; i <= further; i++)); do
    "$psd_card" init --state "$work/cards/$i.state" --serial "$(printf %08X "$i")" >/dev/null
  done
  for i in 0 1; do
    "$psd_card" init --state "$work/ifd/$i.state" --serial "$(printf %08X $((256 + i)))" >/dev/null
  done
}

# One command after the other, in turns from card to card. All of it on one processor: where the scheduler puts client,
# pcscd and card makes more of a difference than what is compared here.
inside_turns() {
  local null psd
  say "through pcscd: the null card and ours by vpcd, ours by the IFD handler, in turns"
  start bench-null vpcd "$(vpcd 0)" && null=$started
  start "$psd_card" run --state "$work/cards/0.state" --vpcd "$(vpcd 1)" && psd=$started
  wait_inserted "$(reader 0)" "$(reader 1)" "$(ifd_reader 0)"
  bench-paths turns "vpcd_null=$(reader 0)" "vpcd=$(reader 1)" "ifd=$(ifd_reader 0)"
  bench-program idle reader "$psd"
  stop "$null" "$psd"
  wait_removed "$(reader 0)" "$(reader 1)"

  say "through vpcd: the null card without quick acknowledgements"
  start bench-null plain "$(vpcd 0)"
  wait_inserted "$(reader 0)"
  bench-paths -n 20 turns "vpcd_plain=$(reader 0)"
  stop "$started"

  say "over sockets, without pcscd: the null card and ours, in turns"
  start_until 1 "listening at" bench-null listen "$work/null" && null=$started
  start_until 1 "listening at" "$psd_card" run --state "$work/cards/0.state" --listen "$work/psd" && psd=$started
  bench-paths turns "socket_null=$work/null" "socket=$work/psd"
  stop "$null" "$psd"
}

# Two at once, on all processors there are.
inside_together() {
  say "through pcscd: two cards at once"
  wait_inserted "$(ifd_reader 0)" "$(ifd_reader 1)"
  bench-paths together ifd "$(ifd_reader 0)" "$(ifd_reader 1)"
  start bench-null vpcd "$(vpcd 0)" "$(vpcd 1)"
  wait_inserted "$(reader 0)" "$(reader 1)"
  bench-paths together vpcd_null "$(reader 0)" "$(reader 1)"
  stop "$started"
  wait_removed "$(reader 0)" "$(reader 1)"
  start "$psd_card" run --state "$work/cards/0.state" --state "$work/cards/1.state" --vpcd "$(vpcd 0)"
  wait_inserted "$(reader 0)" "$(reader 1)"
  bench-paths together vpcd "$(reader 0)" "$(reader 1)"
  stop "$started"

  say "over sockets: two cards at once"
  start_until 2 "listening at" bench-null listen "$work/null" "$work/null.1"
  bench-paths together socket_null "$work/null" "$work/null.1"
  stop "$started"
  start_until 2 "listening at" "$psd_card" run --state "$work/cards/0.state" --state "$work/cards/1.state" --listen "$work/psd"
  bench-paths together socket "$work/psd" "$work/psd.1"
  stop "$started"
}

in_private_pcscd() {
  "$root/tests/e2e/private-pcscd" --build "$build" --vpcd 2 --ifd "$ifd:$work/ifd" -- "$0" "$@"
}

around_process() {
  say "start, memory, idling"
  bench-program start "$psd_card" "$work/cards/0.state" "$work/socket"
  bench-program memory "$psd_card" "$work/socket" "$work"/cards/?.state
  echo "memory.further_cards $further"
}

measure() {
  local processor layer
  processor=$(taskset -c -p $$ | grep -o '[0-9]*$')
  make_cards
  taskset -c "$processor" "$0" --pcscd turns
  "$0" --pcscd together
  say "in process"
  bench-process "$work/process"
  around_process
  sizes
  say "cryptography beside OpenSSL's"
  for layer in gmp ltm; do
    [[ ! -x $bench/bench-crypto-$layer ]] || "bench-crypto-$layer" "$layer"
  done
}

case ${1:-} in
--pcscd) in_private_pcscd "--inside" "$2" ;;
--inside) "inside_$2" ;;
'' | --json)
  rows=$(measure)
  perl "$root/tests/bench/report.pl" "$@" <<<"$rows"
  ;;
*) echo "usage: psd-bench-card [--json]" >&2 && exit 2 ;;
esac
