#!/bin/bash
# The three-key handshake end to end: a card in a reader, psd, the meter server and the key management system in both its
# roles; on SQLite and on PostgreSQL; each suite, both schemes of K3, both kinds of signature.
[[ ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
cd "$PSD_WORK"

# on_database URL NUMBER NAME: everything, on a server with this database; NUMBER is part of the serial numbers.
on_database() {
  local url=$1 number=$2 said
  start_server meter "$url" kms.sock 127.0.0.1:0 --suites p256,rsa,shared "${quick[@]}"
  add_user "$url" kms.sock anna "a password" "${quick[@]}" >>server.log

  note "$3: a blank card becomes a meter"
  make_card "unique$number" "0000${number}001"
  insert_card "unique$number" 0
  expect_like "psd manufacture" "$(manufacture "unique$number" --suites p256,rsa,shared)" "0000${number}001 is manufactured"
  expect "its state" "$(apdus 0 "$select_psd" 00CADF2200 | tail -n 1)" "0200 9000"
  if manufacture "unique$number" >again.log 2>&1; then
    fail "it is manufactured twice"
  fi
  expect_like "the second time" "$(<again.log)" "a meter already"

  note "$3: registered to one user, it is audited, and is no good to another"
  expect_like "psd register" "$(sign_on register)" "PSD registered"
  add_user "$url" kms.sock eve "eve's password" "${quick[@]}" >>server.log
  if said=$(psd audit --server "${server_address[meter]}" --user eve --password-file eve.password 2>&1); then
    fail "a PSD is audited for another user"
  fi
  expect_like "another user" "$said" "step 240: .*not registered to this user"
  said=$(sign_on audit)
  local step
  for step in 200 204 206 202 208 210 212 214 216 218 222 224 228 230 232 234 236 240 242 244 246; do
    grep -q "^ $step " <<<"$said" || fail "psd audit does not show step $step: $said"
  done
  expect_like "what the card says" "$said" "PSD PS D1 0000${number}001: INITIALIZED, suite p256"
  expect_like "the next inspection" "$said" "next inspection +20[0-9-]+ "

  note "$3: each suite"
  local suite
  for suite in p256 rsa shared; do
    expect_like "suite $suite" "$(sign_on audit --suite $suite)" "INITIALIZED, suite $suite"
  done
  expect "as JSON" "$(sign_on audit --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["steps"]))')" 22

  note "$3: another password"
  (umask 077 && printf '%s\n' "a password" "another one" >both && echo "another one" >anna.password)
  expect_like "psd password" "$(psd password --server "${server_address[meter]}" --user anna --password-file both)" \
    "password changed"
  expect_like "with the new one" "$(sign_on audit)" "INITIALIZED"

  note "$3: after taking it out and putting it in; opensc-tool sees the same card"
  remove_card "unique$number"
  insert_card "unique$number" 0
  expect_like "psd audit" "$(sign_on audit)" "INITIALIZED"
  expect_like "the identity" "$(apdus 0 "$select_psd" 00CADF2000 | tail -n 1)" "505344310000${number}001 9000"
  expect_like "the log" "$(psd log --count 8)" "audit completed"
  remove_card "unique$number"

  note "$3: K3 from the 1000-key system, and a key pair of the PSD's own"
  make_card "thousand$number" "0000${number}002"
  insert_card "thousand$number" 0
  manufacture "thousand$number" --scheme thousand --key-pair >manufacture.log
  expect_like "psd register" "$(sign_on register)" "PSD registered"
  expect_like "psd audit" "$(sign_on audit)" "0000${number}002: INITIALIZED"
  remove_card "thousand$number"

  note "$3: the server is stopped; psd says so"
  stop_server meter
  local status=0
  insert_card "thousand$number" 0
  said=$(sign_on audit 2>&1) || status=$?
  expect "exit status without a server" "$status" 3
  expect_like "what psd says" "$said" "no meter server at"
  remove_card "thousand$number"
}

make_kms kms
start_kms kms meter kms.sock
start_kms kms manufacturing factory.sock
on_database "sqlite:$PSD_WORK/meter.db" 1 SQLite
on_database "$PSD_POSTGRES" 2 PostgreSQL

note "in bulk: state files that psd-card runs"
start_server meter "sqlite:$PSD_WORK/meter.db" kms.sock 127.0.0.1:0 "${quick[@]}"
expect_like "psd manufacture --count" "$("$PSD_CLI" manufacture --kms factory.sock --server meter.control --count 5 \
  --state-dir many --first-serial 00003001 --json)" '"made": 5'
echo bait >bait && chmod 644 bait && ln bait many/00003006.pin
expect_like "the same again" "$("$PSD_CLI" manufacture --kms factory.sock --server meter.control --count 6 \
  --state-dir many --first-serial 00003001)" '1 cards made in many, 5 were there before'
expect "files" "$(cd many && echo ./*.state | wc -w)" 6
expect "what somebody had put in the place of a PIN" "$(<bait)" bait
expect "who may read a PIN" "$(stat -c %a many/00003006.pin)" 600
cp many/00003003.state "$(state_of many)"
echo "another one" >anna.password
insert_card many 0
expect_like "psd register" "$(sign_on register)" "PSD registered"
expect_like "psd audit" "$(sign_on audit)" "00003003: INITIALIZED"
expect_like "its PIN" "$(psd pin verify --pin-file many/00003003.pin)" "PIN verified"
remove_card many

note "in bulk, interrupted: whole cards only"
status=0
"$PSD_CLI" manufacture --kms factory.sock --server meter.control --count 100000 --state-dir some >some.out &
maker=$!
until [[ -e some/00000003.state ]]; do
  kill -0 $maker || fail "it ends by itself"
done
kill -INT $maker
wait $maker || status=$?
expect "exit status" "$status" 1
expect_like "what it says" "$(<some.out)" "^$(cd some && echo ./*.state | wc -w) cards made in some; stopped"
expect "files that are no card" "$(cd some && find . -type f ! -name '*.state' ! -name '*.pin')" ""
stop_server meter
stop_server kms.sock
stop_server factory.sock
