#!/bin/bash
# pcsc_scan finds the card, and nothing to complain about in its answer to reset.
source "$(dirname "$0")/lib.sh"

make_card a 00001234
insert_card a 0

note "it is listed"
expect_like "pcsc_scan -c" "$(pcsc_scan -c)" "$(reader 0).*Card inserted.*ATR: $atr"

note "its answer to reset is analysed without an objection"
analysis=$(pcsc_scan -t 1 2>&1)
expect_like "pcsc_scan" "$analysis" "ATR: $atr"
expect_like "pcsc_scan" "$analysis" "Protocol T = 1"
expect_like "pcsc_scan" "$analysis" "Historical bytes: "
expect_like "pcsc_scan" "$analysis" "Command chaining"
expect_like "pcsc_scan" "$analysis" "correct checksum"
# What it says of a byte that makes no sense; "invalid" alone also explains a byte that does.
! grep -iE 'wrong|error|incorrect|should not|must be|!!' <<<"$analysis" || fail "pcsc_scan objects, see above"

remove_card a
