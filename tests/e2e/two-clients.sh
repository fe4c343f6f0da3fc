#!/bin/bash
# One card, two clients, each on a logical channel of its own: neither disturbs the other.
source "$(dirname "$0")/lib.sh"

make_card a 00001234
insert_card a 0
open_client one 0
open_client two 0

note "one works on the basic channel, two opens another"
expect_like "one: SELECT PSD" "$(say one "$select_psd")" "9000$"
expect "two: MANAGE CHANNEL, open" "$(say two 0070000001)" 019000

note "two's channel begins at the master file: what one selected is not selected there"
expect_like "one: GET DATA" "$(say one 00CADF2000)" "00001234" 
identity=$(say one 00CADF2000)
[[ $(say two 01CADF2000) != *9000 ]] || fail "GET DATA without a selection on channel 1 succeeds"
expect_like "two: SELECT PSD" "$(say two "01A4040005${psd_aid}00")" "9000$"
expect "two: GET DATA" "$(say two 01CADF2000)" "$identity"

note "two selects the master file; one's selection stays"
expect_like "two: SELECT MF" "$(say two 01A40000023F0000)" "9000$"
expect "one: GET DATA" "$(say one 00CADF2000)" "$identity"

note "an answer that waits on one channel survives a command on the other"
first=$(say one 00CB3FFF025C0000)
expect_like "one: the first piece" "$first" "61..$"
expect_like "two: READ BINARY of EF.DIR" "$(say two 01B09E0000)" "${psd_aid}.*9000$"
expect_like "one: the next piece" "$(say one "00C00000${first: -2}")" "(9000|61..)$"

note "turns taken in transactions, many times"
for turn in {1..20}; do
  expect "one: begin" "$(say one begin)" ok
  expect "one: GET DATA, turn $turn" "$(say one 00CADF2000)" "$identity"
  expect "one: end" "$(say one end)" ok
  expect "two: begin" "$(say two begin)" ok
  expect_like "two: SELECT PSD, turn $turn" "$(say two "01A4040005${psd_aid}00")" "9000$"
  expect "two: end" "$(say two end)" ok
done

note "two closes its channel; one goes on"
expect "two: MANAGE CHANNEL, close" "$(say two 00708001)" 9000
expect "two: its channel" "$(say two 01CADF2000)" 6881
expect "one: GET DATA" "$(say one 00CADF2000)" "$identity"

note "a reset takes both channels back to the start"
expect "one: reset" "$(say one reset)" ok
[[ $(say one 00CADF2000) != *9000 ]] || fail "the selection survives a reset"

close_client one
close_client two
remove_card a
