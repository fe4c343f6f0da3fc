#!/bin/bash
# A card becomes a meter through its reader, and what must last lasts: over removal, a killed process, a reset.
source "$(dirname "$0")/lib.sh"

life_cycle() {
  apdus 0 "$select_psd" 00CADF2200 | tail -n 1
}

tries() { # answers VERIFY without data
  apdus 0 "$select_psd" $pin_tries | tail -n 1
}

make_card a 00001234
insert_card a 0
expect "a blank card's life cycle" "$(life_cycle)" "0100 9000"
expect "a blank card has no PIN" "$(tries)" " 6984"

note "it is personalised"
personalize a 0 0000ABCD
expect "life cycle" "$(life_cycle)" "0200 9000"
expect_like "identity" "$(apdus 0 "$select_psd" 00CADF2000 | tail -n 1)" "0000ABCD 9000$"
expect "tries" "$(tries)" " 63C3"

note "a wrong PIN costs a try, for good"
expect "VERIFY, wrong" "$(apdus 0 "$select_psd" $verify_wrong | tail -n 1)" " 63C2"
remove_card a
insert_card a 0
expect "tries after removal" "$(tries)" " 63C2"

if [[ $PSD_FRONT == vpcd ]]; then
  note "also when the card's process is killed right after the answer"
  expect "VERIFY, wrong" "$(apdus 0 "$select_psd" $verify_wrong | tail -n 1)" " 63C1"
  kill -KILL "${card_process[a]}"
  wait "${card_process[a]}" || true
  pcsc-wait empty "$(reader 0)"
  insert_card a 0
  expect "tries after it" "$(tries)" " 63C1"
fi

note "the right PIN restores them, and is good until a reset, on its channel alone"
open_client one 0
expect_like "SELECT PSD" "$(say one "$select_psd")" "9000$"
expect "VERIFY" "$(say one $verify_pin)" 9000
expect "it is verified" "$(say one $pin_tries)" 9000
expect "MANAGE CHANNEL" "$(say one 0070000001)" 019000
expect_like "SELECT PSD, channel 1" "$(say one "01A4040005${psd_aid}00")" "9000$"
expect "not on channel 1" "$(say one 01200081)" 63C3
expect "reset" "$(say one reset)" ok
expect_like "SELECT PSD" "$(say one "$select_psd")" "9000$"
expect "not after the reset" "$(say one $pin_tries)" 63C3
close_client one

note "personalisation happens once"
if "$PSD_CLI" --reader "$(reader 0)" personalize --keys "$(state_of a).keys" --profile "$PSD_WORK/a.profile" \
  >"$PSD_WORK/again.log" 2>&1; then
  fail "a meter can be personalised again"
fi
expect "life cycle" "$(life_cycle)" "0200 9000"
remove_card a
