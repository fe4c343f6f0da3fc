#!/bin/bash
# OpenSC's own tool sees the card and speaks with it: list, answer to reset, SELECT, GET DATA, long and extended answers.
source "$(dirname "$0")/lib.sh"

make_card a 00001234
insert_card a 0

note "the reader is listed with a card in it"
expect_like "opensc-tool -l" "$(opensc-tool -l)" "0 +Yes .*$(reader 0)"

note "the answer to reset is the one PC/SC has"
expect "opensc-tool -a" "$(opensc-tool -r "$(reader 0)" -a)" "$(tr ' A-F' ':a-f' <<<"$atr")"

note "SELECT by name, in full and cut short, returns the same"
mapfile -t answer < <(apdus 0 "$select_psd" 00A4040003F0505300 00A4040006A0000000010100)
expect_like "SELECT PSD" "${answer[0]}" "^6F.*8405${psd_aid}.* 9000$"
expect "SELECT by the first bytes of the name" "${answer[1]}" "${answer[0]}"
expect "SELECT of an application that is not there" "${answer[2]}" " 6A82"

note "GET DATA returns the serial number the card was made with"
mapfile -t answer < <(apdus 0 "$select_psd" 00CADF2000 00CADF7F00)
expect_like "GET DATA, identity" "${answer[1]}" "00001234 9000$"
expect "GET DATA of an object that is not there" "${answer[2]}" " 6A88"

note "an answer of more than 256 bytes arrives whole: in pieces by GET RESPONSE, at once with extended length"
mapfile -t answer < <(apdus 0 "$select_psd" 00CB3FFF025C0000 00CB3FFF0000025C000000)
expect_like "all objects, in pieces" "${answer[1]}" " 9000$"
((${#answer[1]} > 2 * 256 + 5)) || fail "all objects: $((${#answer[1]} / 2 - 2)) bytes are not more than 256"
expect "all objects, at once" "${answer[2]}" "${answer[1]}"

note "each command it cannot carry out has its own answer, and the card goes on"
mapfile -t answer < <(apdus 0 "$select_psd" 00FE0000 FF000000 20CADF2000 00CADF200100 00CB0000025C0000 00C0000000 00CADF2000)
expect "an unknown instruction" "${answer[1]}" " 6D00"
expect "a class that cannot be" "${answer[2]}" " 6E00"
expect "data where none belongs" "${answer[4]}" " 6700"
expect "parameters that have no meaning" "${answer[5]}" " 6A86"
expect_like "the rest of no answer" "${answer[6]}" "^ 69"
expect_like "the card after them" "${answer[7]}" "00001234 9000$"

note "OpenSC's search for a driver leaves the card well"
opensc-tool -r "$(reader 0)" -n >"$PSD_WORK/driver.out" 2>&1 || true
mapfile -t answer < <(apdus 0 "$select_psd" 00CADF2000)
expect_like "GET DATA after it" "${answer[1]}" "00001234 9000$"

remove_card a
