#!/bin/bash
# Evidence of postage end to end: two key management systems, a meter server with rates, a card in a reader, its stamps, and
# a verification site that looks at them; on SQLite and on PostgreSQL.
[[ ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
source "$e2e/site.sh"
cd "$PSD_WORK"
readonly specimen=$e2e/../../docs/examples/rates-specimen.txt
readonly letter=(--class first --weight 28g) create_letter=805A00001E02000000000100001C00000000000002DA00000000000000000000000000 \
  get_last=8058000000
spent=0 made=0 said='' # mills and pieces that the meter in the reader should have printed; what was said last

# stamp MILLS OPTION...: psd indicium, and what it costs.
stamp() {
  said=$(psd indicium --pin-file pins "${@:2}") || fail "psd indicium ${*:2}"
  spent=$((spent + $1)) made=$((made + 1))
}

# counted WORDS: the meter has printed what it should have, and no mill more.
counted() {
  local registers
  registers=$(psd info --json)
  expect "$1: ascending register" "$(number '$j->{postage_registers}{ascending_mills}' <<<"$registers")" "$spent"
  expect "$1: piece count" "$(number '$j->{postage_registers}{piece_count}' <<<"$registers")" "$made"
}

# refused WORDS PATTERN COMMAND...: exit status 1, and why.
refused() {
  local status=0
  said=$("${@:3}" 2>&1) || status=$?
  expect "$1: exit status ($said)" "$status" 1
  expect_like "$1" "$said" "$2"
}

# no_stamp WORDS PATTERN OPTION...: psd indicium is refused, and nothing was debited.
no_stamp() {
  refused "$1" "$2" psd indicium --pin-file pins "${@:3}"
  counted "$1"
}

verify() { # COMMAND OPTION...
  "$PSD_VERIFY" "$1" --site "$site" --db "$seen" "${@:2}"
}

# A meter with every key there is, in operation, with rates and 200.00.
begin_service() { # NAME, SERIAL, options of manufacture
  make_card "$1" "$2"
  insert_card "$1" 0
  manufacture "$1" --postal-kms post-factory.sock --dsa --pin-file pins "${@:3}" >>manufacture.log
  expect_like "psd register" "$(sign_on register)" "PSD registered"
  expect "its state" "$(state)" operational
  no_stamp "without rates" "rate table" "${letter[@]}"
  quietly operator rates publish "$specimen" --rate-key rate.pem
  expect_like "the rates" "$(sign_on audit)" "a rate table follows"
  expect_like "psd rates price" "$(psd rates price "${letter[@]}")" "0.73"
  no_stamp "without funds" "funds" "${letter[@]}"
  expect_like "psd refill" "$(sign_on refill 200.00)" "200.00 credited"
}

token_keys() { # SERIAL
  local name
  expect_like "psd tokens register" \
    "$(psd tokens register --kms registry.sock --postal-kms post-registry.sock --pin-file pins)" \
    "vendor token key of set [0-9]+: registered.*postal token key of set [0-9]+: registered"
  for name in kms post; do
    expect_like "psd-kms tokens show, $name" "$(box $name tokens show "$1")" "registered"
  done
}

# Pictures of every form and profile; what psd-verify does not read as it is, is drawn first.
pictures() { # FOLDER
  mkdir -p "$1"
  stamp 730 "${letter[@]}" --to 90210 --place "NEW YORK NY" -o "$1/letter.png" --raw letter.bin
  expect_like "PNG" "$said" "piece 1, .*0.73 postage.*letter.png"
  stamp 1010 --class first --weight 2oz -o letter.svg
  rsvg-convert letter.svg --zoom 3 -b white -o "$1/svg.png"
  printf 'John Doe\n1 Main St\nBeverly Hills CA 90210\n' >address
  stamp 730 "${letter[@]}" --to 90210-1234 --envelope --sender "Anna\nNew York NY 10001" --addressee address -o letter.pdf
  pdftoppm -r 300 -png -singlefile letter.pdf "$1/envelope"
  expect_like "what stands on the envelope" "$(pdftotext letter.pdf -)" "John Doe"
  stamp 730 "${letter[@]}" --symbology pdf417 --dpi 600 -o "$1/pdf417.png"
  stamp 7600 --class ground --weight 1lb --zone 8 --to 90210 --profile dsa -o "$1/dsa.png"
  stamp 560 --class card --weight 10g --profile compact -o "$1/compact.png"
  counted "pictures"
}

# What is no postage of a table; --last gives what a printer that jammed has spoilt.
other_kinds() { # FOLDER
  stamp 0 --redate -o "$1/redate.png"
  expect_like "--redate" "$said" "date correction of piece $((made - 1)): "
  no_stamp "the same piece once more" "dated anew" --redate $((made - 1))
  stamp 120 --correction 0.12 --to 90210 -o "$1/correction.png" --raw correction.bin
  expect_like "--correction" "$said" "0.12 postage correction"
  rm "$1/correction.png"
  said=$(psd indicium --pin-file pins --last -o "$1/correction.png" --raw last.bin)
  expect_like "--last" "$said" "piece $made, .*0.12 postage correction"
  cmp last.bin correction.bin || fail "--last gives other bytes"
  stamp 0 --test -o test.png
  stamp 730 "${letter[@]}" --date +3 -o ahead.png
  counted "other kinds"
  no_stamp "another price" "0.73" "${letter[@]}" --postage 0.72
  no_stamp "a picture that is there" "already" "${letter[@]}" -o test.png
  no_stamp "above the limit" "limit" --correction 100.01
}

# The card itself, through opensc-tool.
commands() {
  local answers
  mapfile -t answers < <(apdus 0 "$select_psd" "$verify_pin" "$create_letter" $get_last)
  spent=$((spent + 730)) made=$((made + 1))
  expect_like "CREATE INDICIUM" "${answers[2]}" "^0002.{338} 9000$"
  expect "GET LAST" "${answers[3]}" "${answers[2]}"
  counted "opensc-tool"
  cut -c 117- <<<"${answers[2]% 9000}" >apdu.csv # what is behind the head
}

# tokens SERIAL: those of the last piece, and others.
tokens() {
  local vendor postal piece date check
  said=$(psd indicium --pin-file pins --last --json)
  read -r vendor postal piece date <<<"$(number 'join " ", @$j{qw(vendor_token postal_token piece date)}' <<<"$said")"
  check=("$PSD_VERIFY" token --site "$site" --meter "PS D1 $1" --date "$date" --postage 0.73)
  expect_like "both tokens" \
    "$("${check[@]}" --piece "$piece" --vendor-token "$vendor" --postal-token "$postal")" "both tokens are right"
  refused "the post's for the vendor's" "vendor token is another" \
    "${check[@]}" --piece "$piece" --vendor-token "$postal" --postal-token "$postal"
  refused "of another piece" "token is another" "${check[@]}" --piece 777 --vendor-token "$vendor"
}

# Many at once; their tokens go into a list, as somebody reads them from the mail.
hundred() { # FOLDER
  mkdir -p "$1"
  said=$(psd indicium --pin-file pins "${letter[@]}" --count 100 -o "$1/piece.png" --json) || fail "psd indicium --count"
  spent=$((spent + 100 * 730)) made=$((made + 100))
  counted "a hundred"
  number 'join "", map { "$_->{indicium},,$_->{vendor_token},$_->{postal_token}\n" } @$j' <<<"$said" >list.csv
  expect_like "with their tokens" "$("$PSD_VERIFY" batch --site "$site" --no-remember list.csv)" \
    "100 +accepted[^a]*of the accepted: duplicate unknown$"
}

# begin_many FOLDER: prints until some are there.
begin_many() {
  mkdir "$1"
  "$PSD_CLI" --reader "$(reader 0)" indicium --pin-file pins "${letter[@]}" --count 40 -o "$1/piece.png" >"$1.out" 2>&1 &
  printing=$!
  until [[ -e $1/piece-0003.png ]]; do
    kill -0 $printing 2>/dev/null || fail "it ends by itself: $(<"$1.out")"
  done
}

# settled WORDS FOLDER: every debit has its picture, or is the last and printed now.
settled() {
  local pieces status=0
  wait "$printing" || status=$?
  ((status == 0 || status == 3 || status == 137)) || [[ $status == 1 && $(<"$2.out") == *"psd: stopped: "* ]] ||
    fail "$1: exit status $status: $(<"$2.out")"
  pieces=$(find "$2" -name 'piece-*.png' | wc -l)
  if (($(psd info --json | number '$j->{postage_registers}{piece_count}') > made + pieces)); then
    ((status == 137)) || expect_like "$1" "$(<"$2.out")" "psd indicium --last"
    psd indicium --pin-file pins --last -o "$2/last.png" >>stamps.log
    pieces=$((pieces + 1))
  fi
  spent=$((spent + pieces * 730)) made=$((made + pieces))
  counted "$1"
}

# NAME
interrupted() {
  begin_many stopped
  kill -INT "$printing"
  settled "Ctrl-C" stopped
  expect_like "what it says then" "$(<stopped.out)" "psd: stopped: [0-9]+ of 40 pieces were made"
  begin_many pulled
  take_away "$1"
  insert_card "$1" 0
  settled "the card is pulled out" pulled
  begin_many without
  "$e2e/private-pcscd" restart
  pcsc-wait card "$(reader 0)" >/dev/null
  settled "pcscd ends" without
  begin_many alone
  killed "$printing"
  settled "psd is killed" alone
}

# take_away NAME: as a hand does, without a word.
take_away() {
  if [[ $PSD_FRONT == ifd ]]; then
    remove_card "$1"
  else
    killed "${card_process[$1]}"
    pcsc-wait empty "$(reader 0)"
  fi
}

# What was made is accepted once, whole and by the PSD alone.
verification() { # SERIAL
  local pieces=(apdu.csv mail hundred stopped pulled without alone) count
  count=$(find "${pieces[@]}" -name '*.png' -o -name apdu.csv | wc -l)
  expect "pieces but for the test and the one that is ahead" "$count" $((made - 2))
  verify batch --csv all.csv --evidence-csv mail.csv --json all.json "${pieces[@]}" >all.out || fail "psd-verify batch: $(<all.out)"
  expect_like "all" "$(<all.out)" "^$count pieces.* $count +accepted"
  # Without the addressees nothing is known of tokens; a compact indicium has neither certificate nor registers.
  expect "what is not known" "$(number 'my $u = $j->{summary}{accepted_with_unknown}; join " ", map { "$_ $u->{$_}" } sort keys %$u' \
    <all.json)" "certificate 1 registers 1 tokens $count"
  refused "again" "$count +refused: duplicate" verify batch "${pieces[@]}"
  [[ $said == *" 0  accepted"* ]] || fail "of those that were seen some are accepted: $said"
  refused "one" "duplicate +FAILED" verify indicium mail/letter.png
  perl -0777 -pe 'substr($_, 19, 1) ^= "\x01"' letter.bin >altered.bin
  refused "another postage" "refused: signature" verify indicium altered.bin
  refused "a test, and what is dated ahead" "refused: kind.*refused: date" \
    verify batch --evidence-csv others.csv test.png ahead.png
  quietly operator meter revoke "$1"
  update_site "$site"
  refused "a PSD that is revoked" "revocation +FAILED" verify indicium mail/pdf417.png
  quietly operator meter restore "$1"
  update_site "$site"
}

# The meter has sold what was seen on mail.
books() {
  expect_like "psd audit" "$(sign_on audit)" "piece count +$made"
  quietly operator evidence import mail.csv
  quietly operator evidence import others.csv
  said=$("$PSD_SERVER" reconcile --db "$database" --all --json) || fail "psd-server reconcile: $said"
  expect "ascending register and piece count" "$(number '"$j->{meters}[0]{ascending} $j->{meters}[0]{piece_count}"' <<<"$said")" \
    "$spent $made"
  expect "what was seen" "$(number 'join " ", @{$j->{meters}[0]}{qw(seen pieces copies contradictions)}' <<<"$said")" \
    "$spent $made 0 0"
  agreed
  quietly operator evidence import others.csv
  refused "seen twice" " 2 +0 .*copies" "$PSD_SERVER" reconcile --db "$database" --all
}

# What comes back is proved, also when the meter is out of service.
withdrawals() {
  expect_like "psd withdraw" "$(sign_on withdraw 10.00)" "10.00 withdrawn"
  stamp 0 --withdrawal -o withdrawal.png --raw withdrawal.bin
  expect_like "--withdrawal" "$said" "proof of the withdrawal of 10.00"
  said=$(psd indicium --pin-file pins --withdrawal --raw again.bin)
  cmp withdrawal.bin again.bin || fail "the proof is another the second time"
  update_site "$site"
  refused "for mail" "withdrawn +10.00.*signature +ok.*registers +ok.*refused: kind" verify indicium withdrawal.png
  sign_on withdraw --all --yes >>withdraw.log
  expect_like "the card" "$(state)" "^withdrawn"
  no_stamp "out of service" "withdrawn" "${letter[@]}"
  stamp 0 --withdrawal -o last.png
  expect_like "--withdrawal" "$said" "proof of the withdrawal of "
  counted "out of service"
}

# on_database URL NUMBER NAME SEEN MANUFACTURE-OPTION...
on_database() {
  database=$1 spent=0 made=0 site=$PSD_WORK/site$2 seen=$4
  local serial=0000${2}001
  rm -rf mail hundred stopped pulled without alone ./*.{png,svg,pdf,bin} # of the last one
  start_server meter "$1" kms.sock 127.0.0.1:0 "${quick[@]}"
  open_account 300
  note "$3: a meter goes into operation, with rates and token keys"
  begin_service "meter$2" "$serial" "${@:5}"
  token_keys "$serial"
  make_site "$site"
  quietly psd certificate --dsa "$site/dsa/$serial.dsa"
  note "$3: stamps of every form and kind"
  pictures mail
  other_kinds mail
  commands
  note "$3: tokens, and a hundred pieces"
  tokens "$serial"
  hundred hundred
  note "$3: interrupted while it prints"
  interrupted "meter$2"
  note "$3: all are accepted, and once"
  verification "$serial"
  note "$3: the books agree with what was seen"
  books
  note "$3: withdrawals, and out of service"
  withdrawals
  remove_card "meter$2"
  stop_server meter
}

(umask 077 && printf '%s\n' "$pin" "$puk" >pins)
make_kms kms
make_kms post --domain postal
start_kms kms meter kms.sock
start_kms kms manufacturing factory.sock
start_kms kms registration registry.sock
start_kms post manufacturing post-factory.sock
start_kms post registration post-registry.sock
box kms export --kind rate >rate.pem
on_database "sqlite:$PSD_WORK/meter.db" 1 SQLite "sqlite:$PSD_WORK/seen.db"
on_database "$PSD_POSTGRES" 2 PostgreSQL "$PSD_POSTGRES" --token-order meter --token-digits 8
for name in kms post; do
  box $name log --verify >>verify.log
  box $name tokens audit >>verify.log
done
for name in kms.sock factory.sock registry.sock post-factory.sock post-registry.sock; do
  stop_server $name
done
