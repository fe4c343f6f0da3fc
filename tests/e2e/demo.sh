#!/bin/bash
# The card, shown from its making to what it refuses; then a meter server, and what attackers get; then money, and what comes
# of a refill that is cut off; then a stamp, and what a verification site says of it; then a postmark and a payment. Runs inside a
# private pcscd: `./run demo`.
set -euo pipefail
e2e=$(dirname "$(realpath "$0")")
# shellcheck source=common.sh
source "$e2e/common.sh"
# shellcheck source=servers.sh
source "$e2e/servers.sh"
kept=$PSD_BUILD/demo # the stamp, for who wants to look at it

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$PSD_BUILD/tests/e2e:$PATH
export HOME=$work XDG_CACHE_HOME=$work OPENSC_CONF=/dev/null
reader="$PSD_VPCD_READER 00"
step=0 bold='' plain=''
if [[ -t 1 ]]; then
  bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
fi
cd "$work"

heading() {
  step=$((step + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
}

# show COMMAND...: the command as one would type it, and below it what it prints.
show() {
  local word line=''
  for word in "$@"; do
    [[ $word != *[[:space:]]* ]] || word="'$word'"
    line+=" $word"
  done
  printf '   $%s\n' "$line"
  local status=0
  "$@" 2>errors | sed 's/^/     /' || status=$?
  sed 's/^/     /' errors
  return $status
}

# refused COMMAND...: the same for a command that must fail.
refused() {
  if show "$@"; then
    echo "demo: that should have been refused" >&2
    exit 1
  fi
}

# turned_away COMMAND...: the same, and only why is shown.
turned_away() {
  printf '   $ %s\n' "$*"
  if "$@" >/dev/null 2>errors; then
    echo "demo: that should have been refused" >&2
    exit 1
  fi
  sed 's/^/     /' errors
}

# into FILE COMMAND...: what it prints goes to a file.
into() {
  printf '   $ %s >%s\n' "${*:2}" "$1"
  "${@:2}" >"$1"
}

# picked PATTERN COMMAND...: the same as show, and of what it prints only the lines that match.
picked() {
  show "${@:2}" | sed -nE "1p; /$1/p"
}

# What opensc-tool sends and receives, and below it the same in words. The driver named here sends nothing of its own.
exchange() { # APDU
  show opensc-tool --reader "$reader" --card-driver MaskTech --send-apdu "$1" | tee exchange
  psd trace "$1" "$(sed 's/^     //' exchange | answers | tr -d ' ')" | sed 's/^/     = /'
}

# behind COMMAND...: the command as one would type it, to be started by what follows.
behind() {
  printf '   $ %s &\n' "$*"
}

start_card() { # state file
  behind psd-card run --state "$1" --vpcd "localhost:$PSD_VPCD_PORT"
  psd-card run --state "$1" --vpcd "localhost:$PSD_VPCD_PORT" 2>card.log &
  card=$!
  atr=$(pcsc-wait card "$reader")
}

remove_card() {
  kill "$card"
  wait "$card"
  pcsc-wait empty "$reader"
}

# attacker MODE ARGUMENT...: somebody on the line, who is given $line for an address.
attacker() {
  behind meddle.pl "$@"
  meddle "$@"
}

meddle.pl() {
  perl "$e2e/meddle.pl" "$@"
}

# What he saw of error signals.
attacker_saw() {
  wait "$meddler" || true
  grep '^error signal' meddle.out | sed 's/^/     on the line: /'
}

heading "A card is made: blank, with random transport keys"
show psd-card init --state card.state --serial 00C0FFEE

heading "It goes into the virtual reader of a pcscd that only this demonstration sees"
start_card card.state
show opensc-tool --list-readers
show pcsc_scan -c

heading "What its answer to reset says"
show psd trace --atr "${atr// /}"

heading "The applications on it, from EF.DIR"
exchange 00B09E0000

heading "The PSD application is selected by its name"
exchange 00A4040005F05053440100

heading "It is personalised: keys, limits and a first PIN, in a secure channel (SCP03)"
write_profile profile 00C0FFEE 271828 31415926
show psd personalize --keys card.state.keys --profile profile

heading "Identity, state, registers"
show psd info

heading "The PIN"
(umask 077 && echo 271828 >pin && echo 000000 >wrong-pin)
show psd pin verify --pin-file pin
show psd pin status

heading "Refused: a wrong PIN; it costs a try"
refused psd pin verify --pin-file wrong-pin
show psd pin status

heading "Refused: an unknown command"
exchange 00FE0000

heading "Refused: a command its state forbids; there are no refills before the meter is licensed"
refused psd apdu 00A4040005F050534401 "8040000019$(printf '%050d' 0)"

heading "Refused: a malformed APDU; it announces five bytes and has two"
refused psd apdu 00A4040005F050

heading "Taken out and put back, it has forgotten nothing: neither the wrong PIN nor what happened to it"
remove_card
start_card card.state
show psd pin status
show psd log
remove_card

heading "Two key management systems, the vendor's and the post's: their keys are sealed under passphrases"
(umask 077 && random_hex 16 >kms.pass && random_hex 16 >post.pass && random_hex 16 >other.pass &&
  echo "correct horse" >anna.password && echo "battery staple" >guess.password && printf '%s\n' 271828 31415926 >meter.pin)
show psd-kms init --dir kms --passphrase-file kms.pass
show psd-kms init --dir post --domain postal --passphrase-file post.pass
show psd-kms keys --dir kms --passphrase-file kms.pass

heading "They serve the meter server, and in other processes the factory; the meter server keeps its data in SQLite"
behind psd-kms run --dir kms --role meter --listen kms.sock --passphrase-file kms.pass
start_kms kms meter kms.sock
behind psd-kms run --dir kms --role manufacturing --listen factory.sock --passphrase-file kms.pass
start_kms kms manufacturing factory.sock
behind psd-kms run --dir post --role manufacturing --listen post.sock --passphrase-file post.pass
start_kms post manufacturing post.sock
desk=(--vetting user --credit-most 1000) # whom the authority and the creditor believe without asking the operator
behind psd-server run --db sqlite:meter.db --kms kms.sock --listen 127.0.0.1:7816 --control meter.control "${desk[@]}"
start_server meter sqlite:meter.db kms.sock 127.0.0.1:7816 "${desk[@]}"
server=${server_address[meter]}

heading "A user is enrolled, and a blank card manufactured: its keys from both, its wrapped K4 into the server"
show psd-server account create --db sqlite:meter.db --kms kms.sock --zip 10001 --licence 815 4711 "Anna Ltd"
show psd-server user add --db sqlite:meter.db --kms kms.sock --account 4711 --password-file anna.password anna
show psd-card init --state meter.state --serial 00C0FFEF
start_card meter.state
show psd manufacture --kms factory.sock --postal-kms post.sock --server meter.control --keys meter.state.keys --key-pair \
  --pin-file meter.pin
show psd register --server "$server" --user anna --password-file anna.password

heading "The three-key handshake: card, user and server are authenticated (the numbers are those of EP 0 851 630)"
sign_on=(--user anna --password-file anna.password)
show psd audit --server "$server" "${sign_on[@]}"
show psd log --count 1

heading "Refused: a server whose key management system has another K2"
psd-kms init --dir other --passphrase-file other.pass >>other.log 2>&1
start_kms other meter other.sock
start_server false sqlite:false.db other.sock 127.0.0.1:7817
turned_away psd audit --server 127.0.0.1:7817 "${sign_on[@]}"

heading "Refused by the card: a server without K2 that answers all the same; the error signal goes to it"
attacker pretend "$server"
turned_away psd audit --server "$line" "${sign_on[@]}"
attacker_saw

heading "Refused: an audit that was recorded, in another session"
attacker record taped "$server"
psd audit --server "$line" "${sign_on[@]}" >audit.log
wait "$meddler"
attacker replay taped "$server"
turned_away psd audit --server "$line" "${sign_on[@]}"
attacker_saw

heading "Refused: the whole conversation again, without the card"
show meddle.pl again taped "$server"

heading "Refused: a wrong password"
turned_away psd audit --server "$server" --user anna --password-file guess.password
remove_card

heading "Refused: a card with the right K1 and the same identity, and another K3"
psd-kms export --dir kms --kind vendor --passphrase-file kms.pass >vendor.pem
psd-card init --state clone.state --serial 00C0FFEF >clone.log
write_profile clone 00C0FFEF 271828 31415926
sed -i 's/^vendor_key = .*/vendor_key = vendor.pem/' clone
start_card clone.state
show psd personalize --keys clone.state.keys --profile clone
turned_away psd audit --server "$server" "${sign_on[@]}"
remove_card

heading "The honest card is none the worse for all this; its provider has put it into operation"
start_card meter.state
picked 'OPERATIONAL|register|control total|next' psd audit --server "$server" "${sign_on[@]}"

# What all commands of the operator have in common.
operator=(--db sqlite:meter.db --kms kms.sock)
heading "Money: a deposit goes to the account, and from there 50.00 into the meter"
show psd-server account deposit "${operator[@]}" --reference "wire 17" 4711 200
show psd refill 50.00 --server "$server" "${sign_on[@]}"

heading "Refused: more than the account has"
turned_away psd refill 400 --server "$server" "${sign_on[@]}"

heading "A refill is cut off half-way: what the server has authorized never reaches the card, and the line is cut"
attacker hold 7:3 "$server" # the third frame of card data is CREDIT
behind psd refill 25.00 --server "$line" "${sign_on[@]}"
psd refill 25.00 --server "$line" "${sign_on[@]}" >cut.log 2>&1 &
refill=$!
await meddle.out '^held'
printf '   $ kill %%meddle.pl\n'
kill "$meddler"
wait "$refill" || sed 's/^/     /' cut.log
picked 'not finished' psd info
picked 'balance|reserved' psd-server account show "${operator[@]}" 4711

heading "The next connection, whatever it is for, finishes it: no money is lost, and none is there twice"
picked 'server:|cut off|register|control total' psd audit --server "$server" "${sign_on[@]}"
show psd recover --server "$server" "${sign_on[@]}"

heading "Rates: what mail costs is published, and the meter gets it with its next session"
cp "$e2e/../../docs/examples/rates-specimen.txt" rates.txt
picked 'version|published' psd-server rates publish "${operator[@]}" rates.txt
picked 'server:' psd audit --server "$server" "${sign_on[@]}"
show psd rates price --class first --weight 28g

heading "A stamp: the card finds the postage, debits it, counts the piece and signs, all at once"
rm -rf "$kept"
mkdir -p "$kept"
show psd indicium --class first --weight 28g --to 90210 --place "NEW YORK NY" -o stamp.png --raw stamp.bin --pin-file meter.pin
cp stamp.png "$kept"
printf '     look at it: %s\n' "$kept/stamp.png"
show psd log --count 1

heading "The printer jams: the same bytes again, and nothing is debited"
show psd indicium --last --pin-file meter.pin | tee last

heading "Refused: a price that is not the table's; nothing is debited"
refused psd indicium --class first --weight 28g --postage 0.01 --pin-file meter.pin

heading "A verification site is told what it needs: certificates, rates, refills, and the keys of the day"
today=$(date -u +%F)
mkdir -p site/ca site/crl
into site/ca/vendor.pem psd-kms ca --dir kms --passphrase-file kms.pass
into site/rates.pem psd-kms export --kind rate --dir kms --passphrase-file kms.pass
into site/vendor.pem psd-kms export --kind table --dir kms --passphrase-file kms.pass
into site/postal.pem psd-kms export --kind table --dir post --passphrase-file post.pass
show psd-kms day --dir kms --date "$today" --out site/days --passphrase-file kms.pass
show psd-kms day --dir post --date "$today" --out site/days --passphrase-file post.pass
show psd-server verification export --db sqlite:meter.db site
into revoked.csv psd-server meter revoked --db sqlite:meter.db --csv
into site/crl/vendor.pem psd-kms crl --revoked revoked.csv --dir kms --passphrase-file kms.pass

heading "It reads the picture, and says what the piece claims and whether it is true"
tokens=(--vendor-token "$(sed -n "s/.*vendor's token  *//p" last)" --postal-token "$(sed -n 's/.*postal token  *//p' last)")
show psd-verify indicium --site site "${tokens[@]}" stamp.png

heading "Refused: the same stamp on another letter"
refused psd-verify indicium --site site stamp.png | grep -E '\$|FAILED|^ *refused'

heading "Refused: an indicium that was altered, from 0.73 to 7.30"
perl -0777 -pe 'substr($_, 19, 2) = pack "v", 7300' stamp.bin >altered.bin
refused psd-verify indicium --site site altered.bin | grep -E '\$|postage  |FAILED|^ *refused'

heading "Certificates: the card makes keys for its user, and pays for what the authority certifies"
own=(--server "$server" "${sign_on[@]}" --pin-file meter.pin)
picked 'SHA-256' psd-server ca init "${operator[@]}"
picked 'credited|account' psd refill 20.00 --group certificate --server "$server" "${sign_on[@]}"
show psd cert request --subject CN=anna "${own[@]}"
show psd cert request --subject 'CN=anna,O=Anna Ltd' --purpose postmark "${own[@]}"
show psd cert list

heading "A postmark: what was there when, by the card's own clock; openssl checks it with what the authority hands out"
echo "A hundred reams of paper, at 25.00." >order.txt
echo "A hundred reams of paper, at 2.50." >other.txt
show psd postmark order.txt -o order.tsr --pin-file meter.pin
show psd-server ca export "${operator[@]}" authority
trust=(-CAfile authority/root.pem -untrusted authority/ca.pem)
picked 'Verification' openssl ts -verify -data order.txt -in order.tsr "${trust[@]}"

heading "Refused: the same postmark on another order"
refused openssl ts -verify -data other.txt -in order.tsr "${trust[@]}" | grep -E '\$|FAILED'

heading "A line of credit, and a payment from it, which the merchant checks off line"
show psd credit request 100 "${own[@]}"
show psd pay 25.00 --to 'Paper Shop' -o pay.p7s --pin-file meter.pin
show psd-verify payment pay.p7s --payee 'Paper Shop' --root authority/root.pem --chain authority/creditor.pem

heading "The creditor settles it, and once"
show psd-server credit settle "${operator[@]}" pay.p7s
show psd-server credit settle "${operator[@]}" pay.p7s
show psd-server credit payees "${operator[@]}"

heading "Some of it goes back to the account"
show psd withdraw 10.00 --server "$server" "${sign_on[@]}"

heading "The books: the account's statement, and whether ledger, meters and mail agree"
show psd-verify batch --site site --no-remember --evidence-csv mail.csv stamp.png
show psd-server evidence import --db sqlite:meter.db mail.csv
show psd-server account statement "${operator[@]}" 4711
show psd-server reconcile --db sqlite:meter.db --all
remove_card

printf '\n%sThat was the handshake, money that cannot be lost, evidence of postage, and the certificate meter.%s Try it yourself: ./run pcscd bash, and see README.md.\n' \
  "$bold" "$plain"
