#!/bin/bash
# The certificate meter end to end: what it issues as an agent (VM figure 3A), a line of credit (8), and payments from it (9), to
# their settlement. Behind vpcd on PostgreSQL, behind the IFD handler on SQLite; what openssl thinks of it all.
[[ $PSD_FRONT == ifd || ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
source "$e2e/authority.sh"
cd "$PSD_WORK"
database=${PSD_POSTGRES:-sqlite:$PSD_WORK/meter.db}
readonly shop="Paper Shop"

# a key for everything: whoever asks in his own name, or his account's, gets it at once.
keys() {
  asked cert request --subject "CN=anna"
  asked cert request --subject "CN=anna" --purpose postmark
  asked cert request --subject "CN=anna,O=The anna company" --purpose agent
  expect_like "an agent" "$said" "slot 3: certificate [0-9]+ installed"
  quietly psd cert export --slot 1 -o user.pem
  quietly psd cert export --slot 3 -o agent.pem
  fetch_trust user.pem
  good agent.pem
  counted "three certificates" 4500 6
}

# receiver NAME OPTION...: somebody with a key, and a certificate of his own making.
receiver() {
  openssl req -x509 -newkey "${@:2}" -noenc -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2>>openssl.log
}

# opened NAME PREFIX: what the card has sent to NAME is the key of the certificate that came along.
opened() {
  openssl cms -decrypt -inform DER -in "$2.p7m" -recip "$1.pem" -inkey "$1.key" -out "$2.p8"
  expect "the key of $2" "$(openssl pkey -inform DER -in "$2.p8" -pubout)" "$(openssl x509 -in "$2.crt" -noout -pubkey)"
}

figure_3a() {
  receiver bert ec -pkeyopt ec_paramgen_curve:P-256
  receiver carl rsa:2048
  paid agent issue --subject "CN=Bert Example" --receiver bert.pem -o issued --days 365
  expect_like "psd agent issue" "$said" "private key in +issued.p7m.*charge +2.00"
  paid agent issue --subject "CN=Carl Example" --receiver carl.pem -o other
  expect_like "openssl verify" "$(openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem -untrusted agent.pem issued.crt other.crt)" \
    "issued.crt: OK.*other.crt: OK"
  expect_like "the name the agent may give, and no other" "$(openssl x509 -in issued.crt -noout -subject)" \
    "O = The anna company, CN = Bert Example"
  opened bert issued
  opened carl other
  refused "no funds (358, 360)" "funds do not suffice" psd agent issue --subject "CN=Dora" --receiver bert.pem -o dora --pin-file pins
  counted "two certificates of an agent" 8500 8
}

# 804: the operator decides; then what was granted comes to the card (812).
figure_8() {
  asked credit request 1000
  expect_like "psd credit request" "$said" "application 1 is pending"
  asked credit accept 1
  expect_like "not before it is granted" "$said" "application 1 is pending"
  quietly operator credit approve 1 500
  crash user
  asked credit accept # without a number: the last
  expect_like "psd credit accept" "$said" "line of credit [0-9]+.*line +500.00.*remaining +500.00.*payments +0"
  asked credit request 2000
  quietly operator credit reject 2 --reason "too much"
  refused "rejected (806)" "\(806\): too much" sign_on credit accept 2 --pin-file pins
  expect_like "psd credit show" "$(psd credit show)" "line +500.00"
}

# settled WORDS FILE: the creditor pays it.
settled() {
  expect_like "$1" "$(operator credit settle "$2")" "for $shop: settled"
}

figure_9() {
  paid pay 25.00 --to "$shop" -o first.p7s
  expect_like "psd pay" "$said" "payment 1 written to first.p7s.*amount +25.00.*credit remaining +475.00.*charge +0.10"
  paid pay 75.00 --to "$shop" -o second.p7s
  refused "more than the line (904, 906)" "credit" psd pay 400.01 --to "$shop" -o third.p7s --pin-file pins
  expect_like "the merchant, with psd" "$(psd pay --verify first.p7s --to "$shop" --root root.pem --ca creditor.pem)" \
    "the payment holds.*amount +25.00"
  refused "another merchant" "payee|merchant|other" psd pay --verify first.p7s --to "Pencil Shop" --root root.pem --ca creditor.pem
  expect_like "the merchant, with psd-verify" \
    "$("$PSD_VERIFY" payment first.p7s second.p7s --payee "$shop" --root root.pem --chain creditor.pem)" "valid"
  expect_like "openssl cms -verify" "$(openssl cms -verify -binary -inform DER -in first.p7s -CAfile chain.pem -purpose any \
    -out /dev/null 2>&1)" "successful"
}

# settlement: each once, in whatever order.
settlement() {
  crash user
  settled "the second" second.p7s
  settled "the first" first.p7s
  expect_like "the first once more" "$(operator credit settle first.p7s)" "was settled before: nothing was moved"
  expect_like "psd-server credit payees" "$(operator credit payees)" "100.00 $shop"
  expect_like "psd-server credit show" "$(operator credit show 1)" "settled +100.00"
  perl -0777 -pe 's/Paper Shop/Ropes Shop/g' first.p7s >altered.p7s
  refused "an altered payment" "altered.p7s" operator credit settle altered.p7s
}

# a line whose holder's certificate is revoked buys nothing more.
revoked_holder() {
  paid pay 5.00 --to "$shop" -o third.p7s
  asked cert revoke --slot 1 --reason key-compromise
  revoked user.pem "Key Compromise"
  refused "presented too late" "revoked" operator credit settle third.p7s
  refused "a payment with a key that is destroyed" "no line of credit" psd pay 1.00 --to "$shop" -o late.p7s --pin-file pins
}

begin_authority user
note "a meter goes into operation"
begin_service meter 0000C302 10.00
note "figure 5: three certificates, at once"
keys
note "figure 3A: what it issues as an agent"
figure_3a
sign_on refill 20.00 --group certificate >>audit.log
note "figure 8: a line of credit"
figure_8
note "figure 9: payments, and their settlement"
figure_9
settlement
revoked_holder
note "the books"
counted "all" 10000 16
expect_like "the account's debt" "$(operator account show anna)" "debt +100.00"
quietly operator account pay anna 100
quietly operator credit remit "$shop" 100
sign_on audit >>audit.log
remove_card meter
end_authority
