# shellcheck shell=bash disable=SC2154 # lib.sh, servers.sh and money.sh are sourced before
# What the tests of the certificate meter share: a meter server that keeps the authority's desk and publishes over HTTP, a meter
# with prices and funds, and what the tools of others say of what it makes.
readonly published=http://127.0.0.1:8080 trust=(--root root.pem --ca ca.pem)
server_options=("${quick[@]}" --http "${published#http://}" --public-url "$published")
said='' # what was said last

# refused WORDS PATTERN COMMAND...: exit status 1, and why.
refused() {
  local status=0
  said=$("${@:3}" 2>&1) || status=$?
  expect "$1: exit status ($said)" "$status" 1
  expect_like "$1" "$said" "$2"
}

# vet_by WHO: a meter server on $database; if there is one, another takes its place.
vet_by() {
  [[ ! ${server_process[meter]:-} ]] || stop_server meter
  start_server meter "$database" kms.sock 127.0.0.1:0 "${server_options[@]}" --vetting "$1"
}

# crash WHO: meter server and key management system end without a word, and begin anew.
crash() {
  kill_server meter
  kill_server kms.sock
  start_kms kms meter kms.sock
  vet_by "$1"
}

# begin_authority WHO: keys, a database, the authority's desk in it, a server that lets WHO vet, and anna's account.
begin_authority() {
  (umask 077 && printf '%s\n' "$pin" "$puk" >pins)
  make_kms kms
  start_kms kms meter kms.sock
  start_kms kms manufacturing factory.sock
  quietly "$PSD_SERVER" migrate --db "$database"
  expect_like "psd-server ca init" "$(operator ca init)" "root +SHA-256 [0-9A-F]{64}.*CA +SHA-256.*creditor +SHA-256"
  vet_by "$1"
  open_account 300
  sed 's/^service verification .*/service verification 0.05/' "$e2e/../../docs/examples/rates-specimen.txt" >rates.txt
}

end_authority() {
  agreed
  stop_server meter
  stop_server kms.sock
  stop_server factory.sock
  "$PSD_KMS" log --dir kms --passphrase-file kms.pass --verify >>server.log
}

# begin_service NAME SERIAL AMOUNT: a meter with a key pair of its own, in operation, with the prices, which are published only
# now, and AMOUNT in the certificate registers.
begin_service() {
  make_card "$1" "$2"
  insert_card "$1" 0
  manufacture "$1" --key-pair --pin-file pins >>manufacture.log
  expect_like "psd register" "$(sign_on register)" "PSD registered"
  refused "without prices" "rate table" sign_on cert request --subject "CN=anna" --pin-file pins
  quietly operator rates publish rates.txt
  expect_like "the prices come with a session" "$(sign_on audit)" "a rate table follows"
  expect_like "psd rates show" "$(psd rates show)" "postmark +0.25"
  expect_like "the certificate registers are refilled" "$(sign_on refill "$3" --group certificate)" "$3 credited"
}

# paid COMMAND...: psd with the PIN; what it says is left in $said.
paid() {
  said=$(psd "$@" --pin-file pins) || fail "psd $*"
}

# asked COMMAND...: the same in a session.
asked() {
  said=$(sign_on "$@" --pin-file pins) || fail "psd $*"
}

# counted WORDS SPENT SERVICES: what the certificate registers have paid, in mills, and for how many services.
counted() {
  local registers
  registers=$(psd info --json)
  expect "$1: spent, in mills, and services" \
    "$(number 'join " ", @{$j->{certificate_registers}}{qw(ascending_mills piece_count)}' <<<"$registers")" "$2 $3"
}

# fetch PATH FILE: what the authority publishes, in PEM.
fetch() {
  python3 - "$published/$1" <<'PYTHON' >"$2.der"
import sys, urllib.request
sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], timeout=20).read())
PYTHON
  openssl "${3:-x509}" -inform DER -in "$2.der" -out "$2"
}

# fetch_trust CERTIFICATE: root.pem, and ca.pem from where the certificate says it is.
fetch_trust() {
  local address
  address=$(openssl x509 -in "$1" -noout -ext authorityInfoAccess | sed -n 's/.*CA Issuers - URI://p')
  expect_like "where the CA's certificate is" "$address" "^$published/ca-[0-9]+.crt$"
  fetch root.crt root.pem
  fetch creditor.crt creditor.pem
  fetch "${address#"$published/"}" ca.pem
  expect_like "root and CA" "$(openssl verify -x509_strict -CAfile root.pem ca.pem creditor.pem)" "ca.pem: OK.*creditor.pem: OK"
  cat root.pem ca.pem creditor.pem >chain.pem # openssl cms looks for issuers nowhere else
}

# fetch_list CERTIFICATE: crl.pem, from where the certificate says it is.
fetch_list() {
  local address
  address=$(openssl x509 -in "$1" -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')
  expect_like "where the list is" "$address" "^$published/ca-[0-9]+.crl$"
  fetch "${address#"$published/"}" crl.pem crl
  expect_like "its signature" "$(openssl crl -in crl.pem -CAfile ca.pem -noout 2>&1)" "verify OK"
}

# status_of CERTIFICATE: what OCSP says.
status_of() {
  local address
  address=$(openssl x509 -in "$1" -noout -ocsp_uri)
  openssl ocsp -issuer ca.pem -cert "$1" -url "$address" -CAfile root.pem -verify_other ca.pem 2>&1
}

# good CERTIFICATE: so say the list and OCSP.
good() {
  fetch_list "$1"
  expect_like "openssl verify" "$(openssl verify -x509_strict -crl_check -CAfile root.pem -untrusted ca.pem -CRLfile crl.pem "$1" 2>&1)" "OK$"
  expect_like "openssl ocsp" "$(status_of "$1")" "Response verify OK.*: good"
}

# revoked CERTIFICATE REASON: so say the list and OCSP, as openssl writes the reason.
revoked() {
  fetch_list "$1"
  expect_like "openssl crl" "$(openssl crl -in crl.pem -noout -text)" "Serial Number: 0*$(openssl x509 -in "$1" -noout -serial | sed 's/.*=0*//').*$2"
  expect_like "openssl verify" "$(openssl verify -crl_check -CAfile root.pem -untrusted ca.pem -CRLfile crl.pem "$1" 2>&1)" \
    "certificate revoked"
  expect_like "openssl ocsp" "$(status_of "$1")" "Response verify OK.*: revoked"
}
