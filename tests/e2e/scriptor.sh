#!/bin/bash
# scriptor runs a file of commands.
source "$(dirname "$0")/lib.sh"

make_card a 00001234
insert_card a 0

cat >"$PSD_WORK/commands.apdu" <<'APDU'
00 B0 9E 00 00
00 A4 04 00 05 F0 50 53 44 01 00
00 CA DF 20 00
00 C0 00 00 00
00 FE 00 00
APDU
scriptor -r "$(reader 0)" "$PSD_WORK/commands.apdu" >"$PSD_WORK/scriptor.out" 2>"$PSD_WORK/scriptor.err" ||
  fail "scriptor: $(<"$PSD_WORK/scriptor.err")"
# An answer begins behind "<", may take several lines, and ends where " :" and the meaning of the status follow.
mapfile -t answer < <(awk '
  /^</ { line = ""; answer = 1; sub(/^< /, "") }
  answer { line = line $0 " " }
  answer && / : / { sub(/ : .*/, "", line); print line; answer = 0 }' "$PSD_WORK/scriptor.out" | sed 's/  */ /g')
expect "answers" "${#answer[@]}" 5
expect_like "EF.DIR by its short identifier" "${answer[0]}" "4F 05 F0 50 53 44 01.* 90 00$"
expect_like "SELECT PSD" "${answer[1]}" "^6F .*84 05 F0 50 53 44 01.* 90 00$"
expect_like "GET DATA, identity" "${answer[2]}" "00 00 12 34 90 00$"
expect_like "GET RESPONSE with nothing waiting" "${answer[3]}" "^69 [0-9A-F]{2}$"
expect "an unknown command" "${answer[4]}" "6D 00"

remove_card a
