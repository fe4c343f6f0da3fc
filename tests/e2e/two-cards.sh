#!/bin/bash
# Two cards in two slots, each with its own state, in two processes and in one.
source "$(dirname "$0")/lib.sh"

identity() { # slot
  apdus "$1" "$select_psd" 00CADF2000 | tail -n 1
}

make_card a 0000000A
make_card b 0000000B
insert_card a 0
insert_card b 1

note "each answers for itself"
expect_like "identity in slot 0" "$(identity 0)" "0000000A 9000$"
expect_like "identity in slot 1" "$(identity 1)" "0000000B 9000$"

note "with a client each at the same time, channels and selections do not mix"
open_client left 0
open_client right 1
expect_like "SELECT PSD, left" "$(say left "$select_psd")" "9000$"
expect "left: MANAGE CHANNEL" "$(say left 0070000001)" 019000
expect "right: the channel the left card opened" "$(say right 01A4040005${psd_aid}00)" 6881
expect_like "left: that channel" "$(say left "01A4040005${psd_aid}00")" "9000$"
expect_like "right: its own" "$(say right "$select_psd")" "9000$"
close_client left
close_client right

note "one removed, the other stays"
remove_card a
expect_like "identity in slot 1" "$(identity 1)" "0000000B 9000$"
remove_card b

if [[ $PSD_FRONT == vpcd ]]; then
  note "both in one process"
  "$PSD_CARD" run --state "$(state_of a)" --state "$(state_of b)" --vpcd "localhost:$PSD_VPCD_PORT" --trace \
    >>"$PSD_WORK/card-both.log" 2>&1 &
  card_process[both]=$!
  pcsc-wait card "$(reader 0)" >/dev/null
  pcsc-wait card "$(reader 1)" >/dev/null
  expect_like "identity in slot 0" "$(identity 0)" "0000000A 9000$"
  expect_like "identity in slot 1" "$(identity 1)" "0000000B 9000$"
  end_process both
fi
