#!/bin/bash
# psd-bench-refill [--json]: durable refills of psd-server and psd-kms, beside what their database can do, in one run
# (docs/performance.md).
set -euo pipefail
shopt -s inherit_errexit

# CMake fills in the names between @.
readonly root='@PROJECT_SOURCE_DIR@' build='@PROJECT_BINARY_DIR@'
readonly bench=$build/tests/bench work=$build/tests/bench/refill-work
readonly server=$build/server/meter/psd-server kms=$build/server/kms/psd-kms
readonly private_postgres=$root/tests/e2e/private-postgres
readonly psds=1000
# For trying things: other sizes, other options of psd-server; PSD_BENCH_POSTGRES= leaves PostgreSQL out.
IFS=' ' read -ra sizes <<<"${PSD_BENCH_SIZES-1000 100000 1000000}"
IFS=' ' read -ra server_options <<<"${PSD_BENCH_SERVER-}"
readonly sizes server_options
PATH=$bench:$PATH
# shellcheck source=tests/bench/lib.sh
. "$root/tests/bench/lib.sh"

start_kms() { # role
  start_until 1 '"started"' "$kms" run --dir "$work/kms" --listen "$work/$1.sock" --role "$1" \
    --passphrase-file "$work/passphrase"
}

make_service() {
  (umask 077 && echo "a passphrase of the benchmark" >"$work/passphrase")
  "$kms" init --dir "$work/kms" --passphrase-file "$work/passphrase" >/dev/null
  start_kms meter && meter=$started
  start_kms manufacturing && factory=$started
}

address() {
  grep -o 'listening on .*' "$work/programs.log" | tail -n 1 | cut -d' ' -f3
}

# The server on a database, whose rows are called LABEL.
measure_on() { # label, URL
  start_until 1 "listening on" "$server" run --db "$2" --kms "$work/meter.sock" --control "$work/control.sock" \
    --listen 127.0.0.1:0 "${server_options[@]}"
  bench-refill "label=$1" "server=$(address)" "factory=$work/manufacturing.sock" "kms=$work/meter.sock" "db=$2" \
    "server-pid=$started" "kms-pid=$meter" "psds=$psds"
  stop "$started"
}

# SQLite: a database with so many meters, each of which was refilled before; some are refilled now.
measure_size() { # meters
  say "SQLite, $1 meters"
  bench-fill "$work/meter.db" "$(($1 - psds > 0 ? $1 - psds : 0))" 1 refilled
  measure_on "sqlite.$1" "sqlite:$work/meter.db"
}

# The same on PostgreSQL: psd-bench-refill postgres, inside private-postgres.
measure_postgres() {
  trap end_all EXIT
  "$server" migrate --db "$PSD_POSTGRES" >/dev/null
  measure_on "postgresql.$psds" "$PSD_POSTGRES"
}

make_sqlite() {
  local password='nothing but a benchmark'
  (umask 077 && echo "$password" >"$work/password")
  "$server" migrate --db "sqlite:$work/meter.db" >/dev/null
  "$server" account create 1 "Benchmark" --db "sqlite:$work/meter.db" --kms "$work/meter.sock" >/dev/null
  "$server" user add bench --db "sqlite:$work/meter.db" --kms "$work/meter.sock" --account 1 \
    --password-file "$work/password" >/dev/null
}

measure() {
  local size
  trap end_all EXIT
  rm -rf "$work"
  mkdir -p "$work"
  ulimit -n "$(ulimit -Hn)"
  make_service
  make_sqlite
  for size in "${sizes[@]}"; do
    measure_size "$size"
  done
  if [[ ${PSD_BENCH_POSTGRES-yes} ]]; then
    say "PostgreSQL, $psds meters"
    meter=$meter "$private_postgres" --durable "$0" postgres
  fi
  stop "$meter" "$factory"
  rm -rf "$work/meter.db"*
}

case ${1:-} in
postgres) measure_postgres ;;
'' | --json)
  rows=$(measure)
  perl "$root/tests/bench/refill/report.pl" "$@" <<<"$rows"
  ;;
*) echo "usage: psd-bench-refill [--json]" >&2 && exit 2 ;;
esac
