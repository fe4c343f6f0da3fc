#!/bin/bash
# What an attacker gets: each refusal happens at the step of the seed at which it must, both sides are told, and the next
# honest session succeeds.
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
cd "$PSD_WORK"
readonly quick=(--memory 8192 --passes 1)

psd() {
  "$PSD_CLI" --reader "$(reader 0)" "$@"
}

audit() { # SERVER [USER PASSWORD-FILE]
  psd audit --server "$1" --user "${2:-anna}" --password-file "${3:-anna.password}"
}

# refused WORDS PATTERN COMMAND...: it must be refused, with exit status 1.
refused() {
  local said status=0
  said=$("${@:3}" 2>&1) || status=$?
  expect "$1: exit status ($said)" "$status" 1
  expect_like "$1" "$said" "$2"
  honest
}

# The next honest session is none the worse for it.
honest() {
  expect_like "an honest audit" "$(audit "$honest")" "INITIALIZED"
}

# told PATTERN: what somebody on the line saw.
told() {
  wait "$meddler" || true
  expect_like "on the line" "$(<meddle.out)" "$1"
}

make_kms kms
start_kms kms meter kms.sock
start_kms kms manufacturing factory.sock
start_server meter sqlite:meter.db kms.sock 127.0.0.1:0 --lock-after 1000 "${quick[@]}"
honest=${server_address[meter]}
add_user sqlite:meter.db kms.sock anna "a password" "${quick[@]}" >server.log
make_card genuine 00C0FFEE
insert_card genuine 0
psd manufacture --kms factory.sock --server meter.control --keys "$(state_of genuine).keys" >manufacture.log
psd register --server "$honest" --user anna --password-file anna.password >register.log
honest

note "a server whose key management system has another K2"
make_kms other
start_kms other meter other.sock
start_server false sqlite:false.db other.sock 127.0.0.1:0 "${quick[@]}"
add_user sqlite:false.db other.sock anna "a password" "${quick[@]}" >>server.log
refused "another K2" "step 214: .*refused" audit "${server_address[false]}"

note "a server without K2 that answers all the same: the card sees it, and the error signal goes to the server"
meddle pretend "$honest"
refused "no K2" "step 224: .*MUTUAL AUTHENTICATE: 6300" audit "$line"
told "error signal 7, step 224"

note "a wrong password, and a user that is none"
(umask 077 && echo "no password" >wrong.password)
refused "wrong password" "step 218: .*user name or password" audit "$honest" anna wrong.password
refused "no such user" "step 218: .*user name or password" audit "$honest" eve wrong.password

note "an audit that was recorded, in another session"
meddle record taped "$honest"
expect_like "while it is recorded" "$(audit "$line")" "INITIALIZED"
told "listening"
meddle replay taped "$honest"
refused "replayed audit" "step 240: .*not authentic" audit "$line"
told "error signal 10, step 240"

note "the whole conversation again, without the card"
perl "$e2e/meddle.pl" again taped "$honest" >meddle.out 2>&1
expect_like "on the line" "$(<meddle.out)" "error signal 5, step 214"
honest
remove_card genuine

note "a card with the right K1 and identity, and another K3"
"$PSD_KMS" export --dir kms --kind vendor --passphrase-file kms.pass >vendor.pem 2>>server.log
make_card clone 00C0FFEE
insert_card clone 0
write_profile clone.profile 00C0FFEE "$pin" "$puk"
sed -i "s/^vendor_key = .*/vendor_key = vendor.pem/" clone.profile
psd personalize --keys "$(state_of clone).keys" --profile clone.profile >>manufacture.log
status=0
said=$(audit "$honest" 2>&1) || status=$?
expect "clone: exit status" "$status" 1
expect_like "clone" "$said" "step 246: .*signature"
remove_card clone
insert_card genuine 0
honest
remove_card genuine
for name in false other.sock meter factory.sock kms.sock; do
  stop_server "$name"
done
