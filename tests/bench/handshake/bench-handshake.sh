#!/bin/bash
# psd-bench-handshake [--json]: what a handshake costs psd-server and psd-kms, beside TLS, in one run (docs/performance.md).
set -euo pipefail
shopt -s inherit_errexit

# CMake fills in the names between @.
readonly root='@PROJECT_SOURCE_DIR@' build='@PROJECT_BINARY_DIR@'
readonly bench=$build/tests/bench work=$build/tests/bench/handshake-work
readonly server=$build/server/meter/psd-server kms=$build/server/kms/psd-kms
readonly psd=$build/reader/cli/psd fleet=$build/reader/fleet/psd-fleet
readonly user=bench password='nothing but a benchmark'
readonly sizes=(1000 100000 1000000)
readonly psds=1000 idle=10000 cards=16
PATH=$bench:$PATH
# shellcheck source=tests/bench/lib.sh
. "$root/tests/bench/lib.sh"

# TLS ---------------------------------------------------------------------------------------------------------------

readonly registry=/usr/share/cargo/registry # of Debian's packages

# The peer in Rust, built from Debian's crates without a network; false, with one line, where that cannot be.
build_rustls() {
  local crates=("$registry"/rustls-0.20.*)
  if ! command -v cargo >/dev/null || [[ ! -d ${crates[0]} ]]; then
    say "rustls is left out: cargo and librust-rustls-dev are not installed"
    return 1
  fi
  say "building the peer in Rust"
  mkdir -p "$bench/rustls"
  cp -r "$root/tests/bench/handshake/rustls/." "$bench/rustls"
  if ! CARGO_HOME=$bench/rustls/home cargo build --release --offline --quiet \
    --manifest-path "$bench/rustls/Cargo.toml" --target-dir "$bench/rustls/target" \
    --config 'source.crates-io.replace-with="debian"' \
    --config "source.debian.directory='$registry'" >"$work/cargo.log" 2>&1; then
    say "rustls is left out: it does not build, see $work/cargo.log"
    return 1
  fi
}

# Once before, between and after what it is compared with: the median counts.
measure_tls() {
  say "TLS 1.3: OpenSSL${1:+, rustls}"
  bench-tls "$work/identities"
  ${1:+"$1" "$work/identities"}
}

# The server's side ---------------------------------------------------------------------------------------------------

start_kms() { # role
  start_until 1 '"started"' "$kms" run --dir "$work/kms" --listen "$work/$1.sock" --role "$1" \
    --passphrase-file "$work/passphrase"
}

start_server() {
  start_until 1 "listening on" "$server" run --db "sqlite:$work/meter.db" --kms "$work/meter.sock" \
    --control "$work/control.sock" --listen 127.0.0.1:0 --suites p256,rsa,shared --no-forward
}

make_service() {
  (umask 077 && echo "a passphrase of the benchmark" >"$work/passphrase" && echo "$password" >"$work/password")
  "$kms" init --dir "$work/kms" --rsa 2048 --passphrase-file "$work/passphrase" >/dev/null
  start_kms meter && meter=$started
  start_kms manufacturing && factory=$started
  "$server" migrate --db "sqlite:$work/meter.db" >/dev/null
  "$server" account create 1 "Benchmark" --db "sqlite:$work/meter.db" --kms "$work/meter.sock" >/dev/null
  "$server" user add "$user" --db "sqlite:$work/meter.db" --kms "$work/meter.sock" --account 1 \
    --password-file "$work/password" >/dev/null
}

address() {
  grep -o 'listening on .*' "$work/programs.log" | tail -n 1 | cut -d' ' -f3
}

# Real cards, whose arithmetic takes longer than the server's.
measure_cards() {
  say "real cards"
  "$psd" manufacture --kms "$work/manufacturing.sock" --server "$work/control.sock" --count "$cards" \
    --state-dir "$work/cards" >/dev/null
  "$fleet" --server "$(address)" --state-dir "$work/cards" --user "$user" --password-file "$work/password" --register \
    --duration 3 --json | perl -MJSON::PP -0777 -ne '
    my $told = decode_json($_);
    printf "fleet.rate %.1f\nfleet.p50 %u\nfleet.p99 %u\n", $told->{handshakes_in_10_seconds} / 10,
      @{$told->{latency_microseconds}}{qw(p50 p99)};'
}

# A database with so many PSDs, of which some sign on.
measure_size() { # size
  local idle_sessions=()
  (($1 < sizes[-1])) || idle_sessions=("idle=$idle")
  say "a database of $1 PSDs"
  bench-fill "$work/meter.db" "$(($1 - psds > 0 ? $1 - psds : 0))" 1
  start_server
  bench-load "label=$1" "server=$(address)" "factory=$work/manufacturing.sock" "db=sqlite:$work/meter.db" "user=$user" \
    "password=$password" "server-pid=$started" "kms-pid=$meter" "psds=$psds" "${idle_sessions[@]}"
  (($1 > sizes[0])) || measure_cards
  stop "$started"
}

measure() {
  local size rustls=
  rm -rf "$work"
  mkdir -p "$work/identities"
  ! build_rustls || rustls=$bench/rustls/target/release/bench-rustls
  # Ten thousand connections.
  ulimit -n "$(ulimit -Hn)"
  make_service
  measure_tls "$rustls"
  for size in "${sizes[@]}"; do
    measure_size "$size"
    measure_tls "$rustls"
  done
  stop "$meter" "$factory"
  rm -rf "$work/meter.db"*
}

case ${1:-} in
'' | --json)
  rows=$(measure)
  perl "$root/tests/bench/handshake/report.pl" "$@" <<<"$rows"
  ;;
*) echo "usage: psd-bench-handshake [--json]" >&2 && exit 2 ;;
esac
