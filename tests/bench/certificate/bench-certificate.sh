#!/bin/bash
# psd-bench-certificate [--json]: what the services of the certificate meter cost the card, what the authority's certificates and
# OCSP cost psd-kms and psd-server, and time stamps over HTTP, in one run (docs/performance.md).
set -euo pipefail
shopt -s inherit_errexit

# CMake fills in the names between @.
readonly root='@PROJECT_SOURCE_DIR@' build='@PROJECT_BINARY_DIR@'
readonly bench=$build/tests/bench work=$build/tests/bench/certificate-work
readonly psd_card=$build/card/emulator/psd-card ifd=$build/card/emulator/libifdpsd.so
readonly psd=$build/reader/cli/psd server=$build/server/meter/psd-server kms=$build/server/kms/psd-kms
readonly user=bench password='nothing but a benchmark' pin=123456
readonly cards=(1 2 4) clients=(1 4 16) load_ms=700
# For trying things: the parts that are measured.
IFS=' ' read -ra parts <<<"${PSD_BENCH_PARTS-services authority stamps}"
readonly parts
PATH=$bench:$build/tests/e2e:$PATH
# shellcheck source=tests/bench/lib.sh
. "$root/tests/bench/lib.sh"

# The card ----------------------------------------------------------------------------------------------------------

card_at_socket() { # name, state, option of psd-card...
  start_until 1 "listening at" "$psd_card" run --state "$work/$2.state" --listen "$work/$2.sock" "${@:3}"
  bench-charged at "$1=$work/$2.sock"
  stop "$started"
}

# Inside private-pcscd: one card by vpcd, and one behind the IFD handler.
in_pcscd() {
  local card
  start "$psd_card" run --state "$work/vpcd.state" --vpcd "localhost:$PSD_VPCD_PORT" && card=$started
  pcsc-wait card "$PSD_VPCD_READER 00" >/dev/null
  pcsc-wait card "$PSD_IFD_READER 00" >/dev/null
  bench-charged at "vpcd=$PSD_VPCD_READER 00" "ifd=$PSD_IFD_READER 00"
  stop "$card"
}

measure_services() {
  say "services: in process"
  bench-charged in "$work"
  say "services: psd-card at a socket, by vpcd, and behind the IFD handler"
  mkdir "$work/ifd"
  bench-charged make "$work/socket.state" "$work/vpcd.state" "$work/ifd/0.state"
  card_at_socket socket_quick socket --no-sync
  card_at_socket socket socket
  "$root/tests/e2e/private-pcscd" --build "$build" --vpcd 2 --ifd "$ifd:$work/ifd" -- "$0" pcscd
  sizes
}

# The authority -------------------------------------------------------------------------------------------------------

start_kms() { # role
  start_until 1 '"started"' "$kms" run --dir "$work/kms" --listen "$work/$1.sock" --role "$1" \
    --passphrase-file "$work/passphrase"
}

make_service() {
  (umask 077 && echo "a passphrase of the benchmark" >"$work/passphrase" && echo "$password" >"$work/password")
  "$kms" init --dir "$work/kms" --passphrase-file "$work/passphrase" >/dev/null
  start_kms meter && meter=$started
  start_kms manufacturing && factory=$started
  "$server" migrate --db "sqlite:$work/meter.db" >/dev/null
  "$server" account create 1 "Benchmark" --db "sqlite:$work/meter.db" --kms "$work/meter.sock" >/dev/null
  "$server" user add "$user" --db "sqlite:$work/meter.db" --kms "$work/meter.sock" --account 1 \
    --password-file "$work/password" >/dev/null
}

port() { # words before HOST:PORT
  grep -o "$1 [^ ,]*:[0-9]*" "$work/programs.log" | tail -n 1 | sed 's/.*://'
}

measure_authority() {
  local count
  say "certificates"
  make_service
  mkdir "$work/requests"
  bench-issue "factory=$work/manufacturing.sock" "kms=$work/meter.sock" "kms-pid=$meter" "db=sqlite:$work/meter.db" \
    "folder=$work/requests"
  say "OCSP: ${clients[*]} clients"
  start_until 1 "publishing on" "$server" run --db "sqlite:$work/meter.db" --kms "$work/meter.sock" \
    --control "$work/control.sock" --listen 127.0.0.1:0 --http 127.0.0.1:0
  for count in "${clients[@]}"; do
    bench-web "label=ocsp.$count" kind=ocsp "port=$(port "publishing on")" "clients=$count" "pid=$started" "ms=$load_ms" \
      "folder=$work/requests"
  done
  stop "$started" "$meter" "$factory"
}

# Time stamps ---------------------------------------------------------------------------------------------------------

# The card's own stamps first, by the same way and just before.
measure_stamps() {
  local i count number started_cards=() places=() states=()
  say "time stamps: ${cards[*]} cards, ${clients[*]} clients"
  (umask 077 && echo "$pin" >"$work/pin")
  for ((i = 0; i < cards[-1]; i++)); do
    states+=("$work/tsa$i.state")
  done
  bench-charged make "${states[@]}"
  for ((i = 0; i < cards[-1]; i++)); do
    start_until 1 "listening at" "$psd_card" run --state "$work/tsa$i.state" --listen "$work/tsa$i.sock" --no-sync
    started_cards+=("$started")
    places+=(--card "$work/tsa$i.sock")
  done
  bench-charged at "alone_quick=$work/tsa0.sock"
  for number in "${cards[@]}"; do
    start_until 1 "listens at" "$psd" tsa --listen 127.0.0.1:0 "${places[@]:0:2*number}" --pin-file "$work/pin"
    for count in "${clients[@]}"; do
      bench-web "label=tsa.$number.$count" kind=tsa "port=$(port "listens at")" "clients=$count" "pid=$started" \
        "ms=$load_ms"
    done
    stop "$started"
  done
  stop "${started_cards[@]}"
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

case ${1:-} in
pcscd) in_pcscd ;;
'' | --json)
  rows=$(measure)
  perl "$root/tests/bench/certificate/report.pl" "$@" <<<"$rows"
  ;;
*) echo "usage: psd-bench-certificate [--json]" >&2 && exit 2 ;;
esac
