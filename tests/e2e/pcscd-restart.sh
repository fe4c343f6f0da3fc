#!/bin/bash
# pcscd ends and comes back under a running card: the card puts itself into the reader again.
source "$(dirname "$0")/lib.sh"

make_card a 00001234
insert_card a 0
first_atr=$atr
mapfile -t answer < <(apdus 0 "$select_psd" 00CADF2000)

for round in 1 2; do
  note "restart $round"
  "$e2e/private-pcscd" restart
  atr=$(pcsc-wait card "$(reader 0)") || fail "the card does not come back after pcscd's restart"
  expect "the answer to reset after it" "$atr" "$first_atr"
  mapfile -t again < <(apdus 0 "$select_psd" 00CADF2000)
  expect "SELECT after it" "${again[0]}" "${answer[0]}"
  expect "GET DATA after it" "${again[1]}" "${answer[1]}"
done

note "a card started while pcscd is away comes in when pcscd is there"
remove_card a
"$e2e/private-pcscd" stop
start_card a 0
"$e2e/private-pcscd" start
atr=$(pcsc-wait card "$(reader 0)") || fail "the card does not find the pcscd that started after it"
expect "its answer to reset" "$atr" "$first_atr"
remove_card a
