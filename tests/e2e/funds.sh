#!/bin/bash
# Money end to end: a card in a reader, psd, the meter server, its operator and the key management system; on SQLite and on
# PostgreSQL. What is cut off has a test of its own, cut-off.sh.
[[ ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
cd "$PSD_WORK"
readonly postage_registers=00CADF2300 certificate_object=00CADF2A000000 rate_table=00CADF42000000
readonly specimen=$e2e/../../docs/examples/rates-specimen.txt

# certificate FILE: the PSD's, as it is on the card, in PEM; that of file 5106 must be the same.
certificate() {
  local answer file
  answer=$(apdus 0 "$select_psd" "$certificate_object" | tail -n 1)
  expect_like "GET DATA of the certificate" "$answer" " 9000$"
  perl -e 'print pack "H*", shift' "${answer% 9000}" | openssl x509 -inform DER -out "$1" 2>openssl.err ||
    fail "what GET DATA gives is no certificate: $(<openssl.err)"
  file=$(apdus 0 "$select_psd" 00A4020C025106 00B000000000FF | tail -n 1)
  [[ ${file,,} == *"$(head -c 200 <<<"${answer,,}")"* ]] || fail "file 5106 has another certificate"
  expect "openssl verify" "$(openssl verify -CAfile ca.pem "$1" 2>&1)" "$1: OK"
}

serial_of() { # certificate
  openssl x509 -in "$1" -noout -serial
}

# Registered, and in operation: with a certificate or without one.
begin_service() { # NAME, SERIAL, options of manufacture
  make_card "$1" "$2"
  insert_card "$1" 0
  manufacture "$1" "${@:3}" >manufacture.log
  expect_like "psd register" "$(sign_on register)" "PSD registered"
  expect "its state" "$(state)" operational
}

both_ways() {
  expect_like "psd refill" "$(sign_on refill 50.00)" \
    "50.00 credited \(number 1\).*descending register +50.00.*the account has left +50.00"
  expect "the card, in mills" "$(holds)" 50000
  expect "the registers, through opensc-tool" "$(apdus 0 "$select_psd" $postage_registers | tail -n 1)" \
    "$(printf '%016X%016X%016X%08X 9000' 0 50000 50000 0)"
  expect_like "psd withdraw" "$(sign_on withdraw 10.00)" \
    "10.00 withdrawn \(number 2\).*descending register +40.00.*the account has left +60.00"
  expect_like "the last movement, in the registers file" "$(apdus 0 "$select_psd" 00B0830000 | tail -n 1)" \
    "DF3F0F.*05.* 9000$"
}

# refused WORDS PATTERN COMMAND...: exit status 1, in words, and nothing has moved.
refused() {
  local said status=0 before
  before=$(holds)
  said=$("${@:3}" 2>&1) || status=$?
  expect "$1: exit status ($said)" "$status" 1
  expect_like "$1" "$said" "$2"
  expect "$1: what the meter holds" "$(holds)" "$before"
}

refusals() { # SERIAL
  refused "more than the account has" "the account does not have the funds; nothing was moved" sign_on refill 100
  refused "more than one refill may be" "outside the limits; nothing was moved" sign_on refill 600
  refused "less than one refill may be" "outside the limits; nothing was moved" sign_on refill 1.00
  refused "more than the meter has" "outside the limits; nothing was moved" sign_on withdraw 41
  quietly operator account suspend anna
  refused "a suspended account" "the account is suspended; nothing was moved" sign_on refill 20
  quietly operator account resume anna
  quietly operator meter lock "$1"
  refused "a locked meter" "locked by its provider; nothing was moved" sign_on refill 20
  expect_like "the card" "$(state)" "^locked"
  quietly operator meter unlock "$1"
  expect_like "unlocked" "$(sign_on audit)" "the server: the meter is unlocked.*OPERATIONAL"
  expect_like "an audit says so, too" "$(sign_on audit)" "OPERATIONAL"
}

books() { # SERIAL
  local said
  said=$(operator account statement anna)
  expect_like "the statement" "$said" "opening +0.00.*deposit +100.00 +100.00.*wire 1"
  expect_like "the statement" "$said" "reserve +-50.00 +50.00.*withdraw +10.00 +60.00.*closing +60.00"
  expect_like "meter list" "$(operator meter list)" "$1.*OPERATIONAL"
  expect_like "meter operations" "$(operator meter operations "$1")" "2 withdrawal.*10.00 closed.*1 refill.*50.00 settled"
  expect_like "meter statement" "$(operator meter statement "$1")" "settle.*50.00.*withdraw.*-10.00"
  expect_like "the key management system's own account" "$("$PSD_KMS" log --dir kms --passphrase-file kms.pass)" "50.00"
  agreed
}

# What the provider orders comes down with the next connection.
orders() { # SERIAL
  certificate first.pem
  quietly operator meter move "$1" --zip 20002 --licence 4712
  expect_like "on its way" "$(operator meter list)" "$1.*LICENCE"
  expect_like "relocation" "$(sign_on audit)" "the server: another ZIP or licence number follows"
  expect_like "the card" "$(psd info)" "licensing ZIP +20002.*licence number +4712"
  certificate second.pem
  [[ $(serial_of first.pem) != "$(serial_of second.pem)" ]] || fail "the certificate is the old one"
  quietly operator meter limits "$1" --minimum-postage 0 --maximum-postage 50 --maximum-descending 200 --minimum-refill 20 \
    --maximum-refill 100
  quietly operator meter watchdog "$1" --warn 20 --lock 30
  quietly operator meter clock "$1"
  quietly operator rates publish "$specimen" --rate-key rate.pem
  expect_like "limits, watchdog, clock, rates" "$(sign_on audit)" \
    "other limits follow.*other times of inspection follow.*the clock is set.*a rate table follows"
  local said
  said=$(psd info)
  expect_like "limits" "$said" "maximum descending register +200.00.*minimum refill +20.00"
  expect_like "watchdog" "$said" "warns after +20 days.*locks after +30 days"
  operator rates export 1 1.rates >>server.log
  expect_like "the card has the rates as they were signed" "$(apdus 0 "$select_psd" "$rate_table" | tail -n 1)" \
    "^$(perl -0777 -ne 'print uc unpack "H*", $_' 1.rates) 9000$"
  expect_like "rates list" "$(operator rates list)" " 1 US +in force .* 1 20"
  [[ $(sign_on audit) != *"a rate table"* ]] || fail "the rates come once more"
  refused "below the new limit" "outside the limits" sign_on refill 10
}

# A certificate for 365 days is renewed by a server that begins so early, once.
renewal() { # URL
  stop_server meter
  start_server meter "$1" kms.sock 127.0.0.1:0 --certificate-days 366 --renew-before 365 "${quick[@]}"
  certificate first.pem
  expect_like "renewal" "$(sign_on audit)" "the server: a new certificate follows"
  certificate second.pem
  [[ $(serial_of first.pem) != "$(serial_of second.pem)" ]] || fail "the certificate was not renewed"
  [[ $(sign_on audit) != *"a new certificate"* ]] || fail "the certificate is renewed once more"
}

# What a verification site is given: the certificate and the rates that the card has, and what it was refilled with.
site() { # SERIAL
  quietly operator verification export "site$1"
  cmp 1.rates "site$1/rates/1.rates" || fail "other rates than those that were published"
  [[ $(<"site$1/certificates/all.pem") == *"$(<second.pem)"* ]] || fail "the card's certificate is not there"
  csplit -s -z -f "site$1/one-" "site$1/certificates/all.pem" '/BEGIN/' '{*}'
  expect_like "openssl verify" "$(openssl verify -CAfile ca.pem "site$1"/one-* 2>&1)" "one-00: OK.*one-01: OK"
  expect_like "meters.csv" "$(<"site$1/meters.csv")" \
    "PS,D1,$1,0.00,0.PS,D1,$1,50.00,[0-9]+.PS,D1,$1,40.00,[0-9]+"
  expect "certificates that are revoked" "$(operator meter revoked --csv)" "serial,time,reason"
}

out_of_service() { # SERIAL
  local status=0
  expect_like "a refill for certificates" "$(sign_on refill 20.00 --group certificate)" \
    "20.00 credited, certificate registers.*the account has left +40.00"
  sign_on withdraw --all </dev/null >all.log 2>&1 || status=$?
  expect_like "without a terminal and without --yes" "$status $(<all.log)" "^2 .*--yes"
  expect_like "psd withdraw --all" "$(sign_on withdraw --all --yes)" \
    "20.00 withdrawn, certificate registers.*40.00 withdrawn.*the account has left +100.00.*The meter is out of service"
  expect_like "the card" "$(state)" "^withdrawn"
  refused "a meter out of service" "in no state for it; nothing was moved" sign_on refill 20
  quietly operator meter zeroize "$1"
  sign_on audit >zeroize.log 2>&1 || true
  expect_like "the card" "$(state)" "^zeroized"
  operator meter revoked --csv >revoked.csv
  expect_like "its certificates" "$(<revoked.csv)" "1,[0-9]+,cessationOfOperation"
  "$PSD_KMS" crl --dir kms --passphrase-file kms.pass --revoked revoked.csv >crl.pem 2>>server.log
  expect_like "openssl verify" "$(openssl verify -crl_check -CRLfile crl.pem -CAfile ca.pem second.pem 2>&1)" "certificate revoked"
  agreed
}

# on_database URL NUMBER NAME
on_database() {
  database=$1
  start_server meter "$1" kms.sock 127.0.0.1:0 "${quick[@]}"
  open_account 100
  if operator account deposit anna 100 --reference "wire 1" >>server.log 2>&1; then
    fail "the same payment is taken twice"
  fi

  note "$3: a meter with a key pair goes into operation, is refilled and gives some back"
  begin_service "pair$2" "0000${2}001" --key-pair
  both_ways
  note "$3: refused, with the reason"
  refusals "0000${2}001"
  note "$3: statement, meters, reconciliation"
  books "0000${2}001"
  note "$3: what the provider orders comes down at the next connection"
  orders "0000${2}001"
  renewal "$1"
  note "$3: what a verification site is given"
  site "0000${2}001"
  note "$3: out of service, and its keys erased"
  out_of_service "0000${2}001"
  remove_card "pair$2"

  note "$3: a meter without a key pair"
  begin_service "plain$2" "0000${2}002"
  expect_like "no certificate" "$(apdus 0 "$select_psd" "$certificate_object" | tail -n 1)" "6A88$"
  expect_like "psd refill" "$(sign_on refill 50.00)" "50.00 credited \(number 1\)"
  remove_card "plain$2"
  insert_card "plain$2" 0
  expect "after taking it out and putting it in" "$(holds)" 50000
  agreed
  remove_card "plain$2"
  stop_server meter
}

make_kms kms
start_kms kms meter kms.sock
start_kms kms manufacturing factory.sock
"$PSD_KMS" ca --dir kms --passphrase-file kms.pass >ca.pem
"$PSD_KMS" export --dir kms --kind rate --passphrase-file kms.pass >rate.pem
on_database "sqlite:$PSD_WORK/meter.db" 1 SQLite
on_database "$PSD_POSTGRES" 2 PostgreSQL
"$PSD_KMS" log --dir kms --passphrase-file kms.pass --verify >verify.log
stop_server kms.sock
stop_server factory.sock
