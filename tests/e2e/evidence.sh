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
readonly letter=(--class first --weight 28g)
spent=0 made=0 # mills and pieces that the meter should have printed

# stamp MILLS OPTION...: psd indicium, and what it costs.
stamp() {
  psd indicium --pin-file pins "${@:2}"
  spent=$((spent + $1)) made=$((made + 1))
}

# counted WORDS: the meter has printed what it should have, and no mill more.
counted() {
  local said
  said=$(psd info --json)
  expect "$1: ascending register" "$(number '$j->{postage_registers}{ascending_mills}' <<<"$said")" "$spent"
  expect "$1: piece count" "$(number '$j->{postage_registers}{piece_count}' <<<"$said")" "$made"
}

# refused WORDS PATTERN OPTION...: psd indicium does not, and nothing was debited.
refused() {
  local said status=0
  said=$(psd indicium --pin-file pins "${@:3}" 2>&1) || status=$?
  expect "$1: exit status ($said)" "$status" 1
  expect_like "$1" "$said" "$2"
  counted "$1"
}

# A meter with every key, in operation, with rates and 200.00.
begin_service() { # NAME, SERIAL
  make_card "$1" "$2"
  insert_card "$1" 0
  manufacture "$1" --postal-kms post-factory.sock --dsa --pin-file pins >>manufacture.log
  expect_like "psd register" "$(sign_on register)" "PSD registered"
  expect "its state" "$(state)" operational
  refused "without rates" "rate table" "${letter[@]}"
  quietly operator rates publish "$specimen" --rate-key rate.pem
  expect_like "the rates" "$(sign_on audit)" "a rate table follows"
  expect_like "psd rates price" "$(psd rates price "${letter[@]}")" "0.73"
  expect_like "psd tokens register" \
    "$(psd tokens register --kms registry.sock --postal-kms post-registry.sock --pin-file pins)" \
    "vendor token key of set [0-9]+: registered.*postal token key of set [0-9]+: registered"
  for box in kms post; do
    expect_like "psd-kms tokens show" "$("$PSD_KMS" tokens show --dir $box --passphrase-file $box.pass "$2")" "registered"
  done
  expect_like "psd refill" "$(sign_on refill 200.00)" "200.00 credited"
}

# Pictures of every form; what a scanner cannot read as it is, is drawn first.
pictures() { # FOLDER
  expect_like "PNG" "$(stamp 730 "${letter[@]}" --to 90210 --place "NEW YORK NY" -o "$1/letter.png" --raw letter.bin)" \
    "piece 1, .*0.73 postage.*letter.png"
  spent=$((spent + 730)) made=$((made + 1)) # a subshell has counted
  stamp 1010 --class first --weight 2oz -o letter.svg >>stamps.log
  rsvg-convert letter.svg -d 300 -p 300 -o "$1/svg.png"
  stamp 730 "${letter[@]}" --to 90210-1234 --envelope --sender "Anna\nNew York NY 10001" --addressee address -o letter.pdf \
    >>stamps.log
  pdftoppm -r 300 -png -singlefile letter.pdf "$1/envelope"
  expect_like "what stands on the envelope" "$(pdftotext letter.pdf -)" "JOHN DOE"
  stamp 730 "${letter[@]}" --symbology pdf417 --dpi 600 -o "$1/pdf417.png" >>stamps.log
  stamp 7600 --class ground --weight 1lb --zone 8 --to 90210 --profile dsa -o "$1/dsa.png" >>stamps.log
  stamp 560 --class card --weight 10g --profile compact -o "$1/compact.png" >>stamps.log
  counted "pictures"
}
