#!/bin/bash
# The card is taken out and put back: what is volatile is gone, what is not is there.
source "$(dirname "$0")/lib.sh"

make_card a 00001234
insert_card a 0
first_atr=$atr
mapfile -t answer < <(apdus 0 "$select_psd" 00CADF2000)

note "out, and a client that was connected learns of it"
open_client one 0
expect_like "SELECT PSD" "$(say one "$select_psd")" "9000$"
remove_card a
expect_like "a command to a card that is gone" "$(say one 00CADF2000)" "^error .*(reset|removed)"
close_client one

note "in again"
insert_card a 0
expect "its answer to reset" "$atr" "$first_atr"
mapfile -t again < <(apdus 0 "$select_psd" 00CADF2000)
expect "identity" "${again[1]}" "${answer[1]}"

note "the other card's state file makes another card of it"
remove_card a
make_card b 0000BEEF
insert_card b 0
mapfile -t again < <(apdus 0 "$select_psd" 00CADF2000)
expect_like "identity" "${again[1]}" "0000BEEF 9000$"
remove_card b

note "psd list --wait ends when a card is there"
"$PSD_CLI" --reader "$(reader 0)" list --wait 60 >"$PSD_WORK/list.out" &
waiting=$!
begin=$SECONDS
insert_card b 0
wait "$waiting"
((SECONDS - begin < 30)) || fail "psd list --wait waits for the time to be up"
expect_like "psd list --wait" "$(<"$PSD_WORK/list.out")" "PSD +PS D1 0000BEEF"
remove_card b
