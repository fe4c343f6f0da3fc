#!/bin/bash
# Suite classic end to end, in builds that have it: off unless card, meter server and key management system each are told
# to; then the whole handshake in it, beside the suites of today.
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
cd "$PSD_WORK"
readonly quick=(--memory 8192 --passes 1) # Argon2id: the least a Host accepts
readonly database=sqlite:$PSD_WORK/meter.db

psd() {
  "$PSD_CLI" --reader "$(reader 0)" "$@"
}

# sign_on VERB [OPTION]...: as anna, on the server in use.
sign_on() {
  psd "$1" --server "${server_address[meter]}" --user anna --password-file anna.password "${@:2}"
}

# refused PATTERN [OPTION]...: psd audit, which must not succeed.
refused() {
  local said
  if said=$(sign_on audit "${@:2}" 2>&1); then
    fail "psd audit ${*:2} is not refused"
  fi
  expect_like "psd audit ${*:2}" "$said" "$1"
}

manufacture() { # NAME [OPTION]...
  psd manufacture --kms factory.sock --server meter.control --keys "$(state_of "$1").keys" "${@:2}" >>manufacture.log
}

make_kms kms
start_kms kms manufacturing factory.sock
start_kms kms meter kms.sock
start_server meter "$database" kms.sock 127.0.0.1:0 --suites p256,rsa,classic "${quick[@]}"
add_user "$database" kms.sock anna "a password" "${quick[@]}" >>server.log

note "a card that may not"
make_card modern 00000001
insert_card modern 0
manufacture modern --suites p256,rsa
sign_on register >>register.log
refused "the card has no key for the suite classic, or may not use it" --suite classic
remove_card modern

note "a card that may; the key management system does not serve it"
make_card classic 00000002
insert_card classic 0
manufacture classic --suites p256,rsa,classic
sign_on register >>register.log
refused "step 212: .*the suite is not offered" --suite classic
stop_server kms.sock

note "it does; the meter server does not offer it"
start_kms kms meter kms.sock --classic
stop_server meter
start_server meter "$database" kms.sock 127.0.0.1:0 --suites p256,rsa "${quick[@]}"
refused "the meter server does not offer the suite classic" --suite classic
stop_server meter

note "all three do: the handshake in suite classic, for who asks for it"
start_server meter "$database" kms.sock 127.0.0.1:0 --suites p256,rsa,classic "${quick[@]}"
expect_like "suite classic" "$(sign_on audit --suite classic)" "00000002: INITIALIZED, suite classic"
expect_like "unasked" "$(sign_on audit)" "00000002: INITIALIZED, suite p256"
expect_like "suite rsa, under the same K1" "$(sign_on audit --suite rsa)" "00000002: INITIALIZED, suite rsa"
(umask 077 && printf '%s\n' "a password" "another one" >both)
expect_like "requests in suite classic" \
  "$(psd password --server "${server_address[meter]}" --user anna --password-file both --suite classic)" "password changed"
refused "step 218: .*user name or password" --suite classic
echo "another one" >anna.password
expect_like "with the new one" "$(sign_on audit --suite classic)" "suite classic"
expect_like "the server's log" "$(<meter.log)" '"suite":"classic"'
remove_card classic

note "a PSD with a key pair of its own; K1 replaced in a session of suite classic"
make_card pair 00000003
insert_card pair 0
manufacture pair --suites p256,rsa,classic --key-pair
sign_on register >>register.log
expect_like "its audit" "$(sign_on audit --suite classic)" "00000003: INITIALIZED, suite classic"
"$PSD_KMS" rotate --dir kms --passphrase-file kms.pass >>rotate.log
stop_server meter
stop_server kms.sock
start_kms kms meter kms.sock --classic
start_server meter "$database" kms.sock 127.0.0.1:0 --suites p256,classic "${quick[@]}"
expect_like "the new K1" "$(sign_on audit --suite classic)" "suite classic"
expect_like "and with it" "$(sign_on audit)" "suite p256"
remove_card pair
stop_server meter
stop_server kms.sock
stop_server factory.sock
