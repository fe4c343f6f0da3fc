#!/bin/bash
# Two meter servers on one PostgreSQL and one key management system: what one begins the other finishes, both see every
# account, and many cards at both at once leave books that agree.
[[ ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
cd "$PSD_WORK"
readonly fleet=$PSD_BUILD/reader/fleet/psd-fleet cards=8
database=$PSD_POSTGRES

# at SERVER VERB [ARGUMENT]...: as anna, on that server.
at() {
  line=${server_address[$1]} sign_on "${@:2}"
}

# run_fleet SERVER FOLDER [OPTION]...: in the place of the shell; its figures are left in FOLDER.json.
run_fleet() {
  exec "$fleet" --server "${server_address[$1]}" --state-dir "$2" --user anna --password-file anna.password --json "${@:3}" \
    >"$2.json" 2>"$2.err"
}

make_kms kms
start_kms kms meter kms.sock
start_kms kms manufacturing factory.sock
"$PSD_SERVER" migrate --db "$database" >server.log
open_account 5000
start_server left "$database" kms.sock 127.0.0.1:0 "${quick[@]}"
start_server right "$database" kms.sock 127.0.0.1:0 "${quick[@]}"

note "a meter of the one is a meter of the other"
make_card meter 00001001
insert_card meter 0
psd manufacture --kms factory.sock --server left.control --keys "$(state_of meter).keys" >manufacture.log
expect_like "psd register on the right" "$(at right register)" "PSD registered"
expect_like "psd refill on the left" "$(at left refill 50.00)" "50.00 credited.*the account has left +4950.00"
expect_like "psd withdraw on the right" "$(at right withdraw 10.00)" "10.00 withdrawn.*the account has left +4960.00"

note "a refill begun on the one, which is killed, finishes on the other"
meddle hold 7:3 "${server_address[left]}" # the authorization, on its way to the card
sign_on refill 20.00 >refill.out 2>&1 &
refill=$!
await meddle.out '^held'
kill_server left
kill "$meddler"
wait "$refill" && fail "it is none the worse for it: $(<refill.out)"
expect_like "what psd says" "$(<refill.out)" "no money is lost"
expect_like "psd recover on the right" "$(at right recover)" "20.00 \(number 3\), which was cut off, is finished"
expect "what the meter holds" "$(holds)" 60000
line=''
start_server left "$database" kms.sock 127.0.0.1:0 "${quick[@]}"
expect_like "on the left, restarted" "$(at left recover)" "Nothing was left behind"
agreed
remove_card meter

note "many cards at both at once"
for folder in one two; do
  first=$([[ $folder == one ]] && echo 00002001 || echo 00003001)
  "$PSD_CLI" manufacture --kms factory.sock --server right.control --count $cards --state-dir $folder --first-serial "$first" \
    >>manufacture.log 2>&1
  (run_fleet left $folder --register --handshakes $cards) || fail "psd-fleet --register: $(<$folder.err)"
done
run_fleet left one --refill 5.00 --handshakes $((4 * cards)) &
one=$!
(run_fleet right two --refill 5.00 --handshakes $((4 * cards))) || fail "psd-fleet on the right: $(<two.err)"
wait $one || fail "psd-fleet on the left: $(<one.err)"
for folder in one two; do
  expect "refills, $folder" "$(number '$j->{refills}{done}' <$folder.json)" $((4 * cards))
done
expect "what the account has" "$(operator account show anna --json | number '$j->{balance}')" \
  $((5000000 - 60000 - 2 * 4 * cards * 5000))
agreed

note "one server is killed under them; the other finishes what it had begun"
: >left.log
run_fleet left one --refill 5.00 --duration 600 &
one=$!
run_fleet right two --refill 5.00 --handshakes $((4 * cards)) &
two=$!
await left.log '"refilled"'
kill_server left
kill -TERM $one 2>/dev/null || true # it may have given up
wait $one || true
wait $two || fail "psd-fleet on the right: $(<two.err)"
(run_fleet right one --handshakes $cards) || fail "psd-fleet on the right, with the cards of the left: $(<one.err)"
agreed
for name in right kms.sock factory.sock; do
  stop_server "$name"
done
