#!/bin/bash
# The certificate meter end to end: certificates (VM figure 5), postmarks and signatures (3, 4), revocation (6), and time stamps
# for others. Behind vpcd on SQLite, behind the IFD handler on PostgreSQL; what openssl thinks of it all.
[[ $PSD_FRONT == vpcd || ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
source "$e2e/authority.sh"
cd "$PSD_WORK"
database=${PSD_POSTGRES:-sqlite:$PSD_WORK/meter.db}
readonly serial=0000C301

# number_of CERTIFICATE: its serial number.
number_of() {
  openssl x509 -in "$1" -noout -serial | perl -ne 'print hex((split /=/)[1])'
}

# waits for an operator (514), who accepts one and rejects another (516).
vetted_by_operator() {
  asked cert request --subject "CN=Anna Example,O=Example Inc"
  expect_like "what waits" "$said" "slot 1: request 1 is pending"
  expect_like "psd-server ca requests" "$(operator ca requests)" " 1 PS D1 $serial +1 user +pending .*Anna Example +Example Inc"
  asked cert status
  expect_like "psd cert status" "$said" "slot 1: request 1 is pending"
  refused "before it is installed" "active" psd sign letter --pin-file pins
  quietly operator ca accept 1
  crash operator
  remove_card meter
  insert_card meter 0
  asked cert install
  expect_like "psd cert install" "$said" "slot 1: request 1 is accepted, its certificate installed"
  refused "decided before" "decided before" operator ca reject 1 --reason "too late"
  asked cert request --subject "CN=Somebody Else"
  quietly operator ca reject 2 --reason "nobody knows him"
  refused "rejected (516)" "\(516\): nobody knows him" sign_on cert install --pin-file pins
  quietly psd cert delete --slot 2 --pin-file pins
  counted "two requests, an activation" 2500 3
}

# accepts at once who asks in his own name, or his account's (514).
vetted_by_policy() {
  vet_by user
  asked cert request --subject "CN=anna" --purpose postmark
  expect_like "psd cert request" "$said" "slot 2: certificate [0-9]+ installed.*charge +1.50"
  asked cert request --subject "CN=Bert" --purpose user
  expect_like "another name" "$said" "slot 3: request 4 is pending"
  quietly operator ca reject 4 --reason "not his name"
  quietly psd cert delete --slot 3 --pin-file pins
  quietly psd cert export --slot 2 -o first.pem
  asked cert renew --slot 2
  expect_like "psd cert renew" "$said" "slot 2: certificate [0-9]+ installed"
  counted "three requests more, and two activations" 6500 8
  expect_like "psd cert list" "$(psd cert list)" "1 +user +p256 +active.*2 +postmark +p256 +active"
}

# What is public, by commands of its own: no psd.
through_opensc() {
  local answers
  mapfile -t answers < <(apdus 0 "$select_psd" 00CADF4600 00CADF4700 80280100000000)
  expect "CERTIFICATE_STATE: nothing due, no postmark, five requests" "${answers[1]}" \
    "$(printf '%016X%016X%08X%08X%08X 9000' 0 0 5 0 0)"
  expect_like "SLOTS: a user's key and one for postmarks" "${answers[2]}" "^01010103.*02020103.* 9000$"
  expect "READ CERTIFICATE" "${answers[3]}" \
    "$(openssl x509 -in user.pem -outform DER | perl -0777 -ne 'print uc unpack "H*", $_') 9000"
}

figure_3() {
  paid postmark letter -o letter.tsr
  expect_like "psd postmark" "$said" "number +1[^0-9].*charge +0.25"
  expect_like "openssl ts -verify" "$(openssl ts -verify -data letter -in letter.tsr -CAfile root.pem -untrusted ca.pem 2>&1)" \
    "Verification: OK"
  expect_like "psd postmark --verify" "$(psd postmark --verify letter letter.tsr "${trust[@]}" --crl crl.pem)" "holds"
  expect_like "psd-verify postmark" "$("$PSD_VERIFY" postmark letter letter.tsr --root root.pem --chain ca.pem --crl crl.pem)" "rate table +1[^0-9].*certificate +$(number_of postmark.pem)[^0-9].*valid$"
  paid sign letter
  expect_like "psd sign" "$said" "signature written to letter.p7s.*charge +0.10"
  expect_like "openssl cms -verify" "$(openssl cms -verify -binary -inform DER -in letter.p7s -content letter -CAfile chain.pem \
    -out /dev/null 2>&1)" "successful"
  expect_like "psd verify" "$("$PSD_CLI" verify letter letter.p7s "${trust[@]}")" "holds"
  quietly psd sign --last -o again.p7s --pin-file pins
  cmp letter.p7s again.p7s || fail "psd sign --last gives other bytes"
}

figure_4() {
  paid postmark --verify letter letter.tsr --metered
  expect_like "the card's own judgement (420)" "$said" "holds \(step 420\).*charge +0.05"
  refused "another message (418)" "418" psd postmark --verify other letter.tsr --metered --pin-file pins
  refused "another message, without the card" "message" psd postmark --verify other letter.tsr "${trust[@]}"
  counted "postmark, signature, two verifications" 6950 12
}

# time stamps for whoever asks, over HTTP.
time_stamps() {
  : >tsa.out
  "$PSD_CLI" --reader "$(reader 0)" tsa --listen 127.0.0.1:3161 --pin-file pins >tsa.out 2>>tsa.log &
  local process=$!
  await tsa.out '^psd tsa listens'
  openssl ts -query -data letter -sha256 -cert -out letter.tsq 2>>openssl.log
  python3 - <<'PYTHON'
import urllib.request
query = urllib.request.Request('http://127.0.0.1:3161/', open('letter.tsq', 'rb').read(),
                               {'Content-Type': 'application/timestamp-query'})
open('reply.tsr', 'wb').write(urllib.request.urlopen(query, timeout=20).read())
PYTHON
  expect_like "openssl ts -verify" \
    "$(openssl ts -verify -queryfile letter.tsq -in reply.tsr -CAfile root.pem -untrusted ca.pem 2>&1)" "Verification: OK"
  kill "$process"
  wait "$process" || fail "psd tsa: exit status $?"
  counted "a time stamp" 7200 13
}

# by its holder (602 to 624), and paid.
figure_6() {
  # Times of X.509 and CMS are whole seconds: what was signed in the second of the revocation does not count as before it.
  local signed=$EPOCHSECONDS
  until ((EPOCHSECONDS > signed)); do :; done
  asked cert revoke --slot 1 --reason superseded
  expect_like "psd cert revoke" "$said" "slot 1: certificate [0-9]+ is revoked, its key destroyed.*paid.*charge +0.50"
  counted "a revocation" 7700 14
  revoked user.pem Superseded
  refused "a key that is destroyed" "active|revoked" psd sign letter -o late.p7s --pin-file pins
  expect_like "what it signed before" "$("$PSD_CLI" verify letter letter.p7s "${trust[@]}" --crl crl.pem)" "holds"
}

# by the authority, which does not charge it; the card has it in its next session.
forced() {
  good postmark.pem
  quietly operator ca revoke "$(number_of postmark.pem)" --reason cessation
  revoked postmark.pem Cessation
  revoked first.pem Cessation
  expect_like "psd-server ca list" "$(operator ca list "$serial")" "cessation by operator; waits for the meter"
  crash user
  expect_like "the next session" "$(sign_on audit)" "certificates of its users are revoked"
  expect_like "psd cert list" "$(psd cert list)" "2 +postmark +p256 +revoked [^,]*, free"
  refused "no more postmarks" "active|revoked" psd postmark letter -o late.tsr --pin-file pins
  counted "a revocation that is free" 7700 14
}

# left AMOUNT: so much stays in the certificate registers.
left() {
  sign_on withdraw --group certificate >>audit.log \
    "$(psd info --json | number 'sprintf "%.2f", $j->{certificate_registers}{descending_mills} / 1000 - '"$1")"
}

# by its holder, whose funds do not suffice (618, 620); the next refill pays it.
payment_due() {
  asked cert request --subject "CN=anna"
  left 0.20
  asked cert revoke --slot 3
  expect_like "psd cert revoke" "$said" "slot 3: certificate [0-9]+ is revoked.*payment due +0.50"
  refused "nothing is served until it is paid" "due for a revocation" sign_on cert request --subject "CN=anna" --pin-file pins
  sign_on refill 20.00 --group certificate >>audit.log
  expect_like "nothing is due after a refill" "$(apdus 0 "$select_psd" 00CADF4600 | tail -n 1)" "^$(printf '%016X%016X' 0 2)"
  counted "a revocation that was due" 9700 17
}

echo "A letter." >letter
echo "Another." >other
begin_authority operator
note "a meter goes into operation"
begin_service meter "$serial" 20.00
note "figure 5: certificates, vetted by the operator and by the policy"
vetted_by_operator
vetted_by_policy
quietly psd cert export --slot 1 -o user.pem
quietly psd cert export --slot 2 -o postmark.pem
fetch_trust user.pem
good user.pem
good postmark.pem
expect "renewed for the same key" "$(openssl x509 -in first.pem -noout -pubkey)" "$(openssl x509 -in postmark.pem -noout -pubkey)"
note "what opensc-tool reads"
through_opensc
note "figures 3 and 4: postmarks and signatures"
figure_3
figure_4
note "time stamps over HTTP"
time_stamps
note "figure 6: revoked by the holder, by the authority, and without funds"
figure_6
forced
payment_due
note "the books"
sign_on audit >>audit.log
remove_card meter
end_authority
