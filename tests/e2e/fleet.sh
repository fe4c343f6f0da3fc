#!/bin/bash
# psd-fleet against a real meter server and key management system: many cards, what it counts, and how it ends.
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
cd "$PSD_WORK"
readonly database=sqlite:meter.db quick=(--memory 8192 --passes 1) # Argon2id: the least a Host accepts
readonly fleet=$PSD_BUILD/reader/fleet/psd-fleet

# fleet [OPTION]...: as anna; its output is left in fleet.out and fleet.err, its exit status in $status.
fleet() {
  status=0
  "$fleet" --server "${server_address[meter]}" --state-dir cards --user anna --password-file anna.password "$@" \
    >fleet.out 2>fleet.err || status=$?
}

# json EXPRESSION: a value of the JSON in fleet.out, $j.
json() {
  perl -MJSON::PP -e 'local $/; open my $in, "<", "fleet.out" or die; my $j = decode_json(<$in>); print eval $ARGV[0]' "$1"
}

make_kms keys
start_kms keys meter kms.sock
start_kms keys manufacturing factory.sock
"$PSD_SERVER" migrate --db "$database" >server.log
add_user "$database" kms.sock anna "a password" "${quick[@]}" >>server.log
start_server meter "$database" kms.sock 127.0.0.1:0 --suites p256,shared "${quick[@]}"
"$PSD_CLI" manufacture --kms factory.sock --server meter.control --count 4 --state-dir cards --suites p256,shared \
  >manufacture.log 2>&1 || fail "psd manufacture: $(<manufacture.log)"

note "each card is registered, and audited"
fleet --register --handshakes 4 --json
expect "exit status" "$status" 0
expect "handshakes" "$(json '$j->{handshakes}')" 4
expect "failures" "$(json '$j->{failed}')" 0
expect "PSDs of anna's" "$("$PSD_SERVER" meter list --db "$database" --kms kms.sock --json | grep -c '"user": "anna"')" 4

note "kept connections, a chosen suite, more connections than cards"
fleet --keep --suite shared --connections 9 --handshakes 40 --json
expect "exit status" "$status" 0
expect "handshakes" "$(json '$j->{handshakes}')" 40
expect "connections, one a card" "$(json '$j->{connections}')" 4
expect "suite" "$(json '$j->{suite}')" shared

note "as many a second as are wanted"
fleet --rate 20 --duration 1 --json
expect "handshakes" "$(json '$j->{handshakes}')" 20

note "a signal ends it in order"
: >meter.log # what was said before; what the server has yet to write of it was about the other suite
"$fleet" --server "${server_address[meter]}" --state-dir cards --user anna --password-file anna.password --duration 600 \
  --suite shared >fleet.out 2>fleet.err &
started=$!
await meter.log 'signed on.*shared'
kill -TERM "$started"
status=0
wait "$started" || status=$?
expect "exit status" "$status" 0
expect_like "the summary" "$(<fleet.out)" "^[1-9][0-9]* handshakes? in .* a second"

note "a user who is refused is tried once"
(umask 077 && echo "another password" >anna.password)
fleet --handshakes 100 --json
expect "exit status" "$status" 1
expect "failures" "$(json '$j->{failed}')" 1
expect "step" "$(json '$j->{errors}[0]{step}')" 218

note "a server that is not there"
stop_server meter
fleet
expect "exit status" "$status" 3
expect_like "what it says" "$(<fleet.err)" "^psd-fleet: no meter server at"
stop_server kms.sock
stop_server factory.sock
