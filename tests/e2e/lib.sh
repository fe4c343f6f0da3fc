# shellcheck shell=bash disable=SC2034 # variables are for those who source it
# What the end-to-end tests share: cards in readers, commands to them, and what is expected of the answers.
#
# run-test.sh sets: PSD_BUILD, PSD_CARD (psd-card), PSD_CLI (psd), PSD_FRONT (vpcd or ifd), PSD_WORK (a folder of the test's
# own); private-pcscd adds the readers.
set -euo pipefail

readonly psd_aid=F050534401
readonly select_psd=00A4040005${psd_aid}00
e2e=$(dirname "${BASH_SOURCE[0]}")
readonly e2e
# shellcheck source=common.sh
source "$e2e/common.sh"
declare -A card_process=() card_slot=() client_in=() client_out=()

PATH=$PSD_BUILD/tests/e2e:$PATH # pcsc-wait, pcsc-talk
# The user's settings and caches are none of a test's business.
export HOME=$PSD_WORK XDG_CACHE_HOME=$PSD_WORK/cache OPENSC_CONF=$PSD_WORK/opensc.conf
export LSAN_OPTIONS=suppressions=$e2e/../support/lsan.supp:print_suppressions=0 # of fontconfig
: >"$OPENSC_CONF"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

note() {
  echo "-- $*"
}

# expect WORDS ACTUAL EXPECTED
expect() {
  [[ $2 == "$3" ]] || fail "$1
  is       $2
  expected $3"
}

# expect_like WORDS ACTUAL PATTERN: an extended regular expression, to be found somewhere.
expect_like() {
  [[ $2 =~ $3 ]] || fail "$1
  is       $2
  expected $3 in it"
}

# Cards and readers -------------------------------------------------------------------------------------------------

# The name of the reader of a slot, 0, 1, …
reader() {
  if [[ $PSD_FRONT == ifd ]]; then
    echo "$PSD_IFD_READER 0$1"
  else
    echo "$PSD_VPCD_READER 0$1"
  fi
}

# The state file of a card, where it lies while the card is in no reader.
state_of() {
  echo "$PSD_WORK/drawer/$1.state"
}

# make_card NAME SERIAL
make_card() {
  mkdir -p "$PSD_WORK/drawer"
  "$PSD_CARD" init --state "$(state_of "$1")" --serial "$2" >>"$PSD_WORK/card-$1.log" 2>&1 ||
    fail "psd-card init, serial $2: exit status $?"
}

# start_card NAME SLOT: without waiting for the reader to notice. The IFD handler has the card in the first slot that is
# free as soon as its file is in the folder.
start_card() {
  card_slot[$1]=$2
  if [[ $PSD_FRONT == ifd ]]; then
    mv "$(state_of "$1")" "$PSD_CARDS/"
    return
  fi
  "$PSD_CARD" run --state "$(state_of "$1")" --vpcd "localhost:$((PSD_VPCD_PORT + $2))" --trace \
    >>"$PSD_WORK/card-$1.log" 2>&1 &
  card_process[$1]=$!
}

# insert_card NAME SLOT; the answer to reset is left in $atr.
insert_card() {
  start_card "$@"
  atr=$(pcsc-wait card "$(reader "$2")") || fail "card $1 does not appear in $(reader "$2")"
}

# end_process NAME: ends a psd-card, which must end well.
end_process() {
  local status=0
  kill -TERM "${card_process[$1]}"
  wait "${card_process[$1]}" || status=$?
  unset "card_process[$1]"
  expect "exit status of psd-card after SIGTERM" "$status" 0
}

# remove_card NAME
remove_card() {
  if [[ $PSD_FRONT == ifd ]]; then
    mv "$PSD_CARDS/$1.state" "$(state_of "$1")"
  else
    end_process "$1"
  fi
  pcsc-wait empty "$(reader "${card_slot[$1]}")" || fail "card $1 does not leave $(reader "${card_slot[$1]}")"
}

# Commands ----------------------------------------------------------------------------------------------------------

# apdus SLOT APDU...: sends them in one connection; prints one line for each, "DATA SW".
apdus() {
  local apdu options=()
  for apdu in "${@:2}"; do
    options+=(-s "$apdu")
  done
  # The driver that looks for nothing on the card and lets extended lengths pass; the default one refuses those.
  opensc-tool --reader "$(reader "$1")" --card-driver MaskTech "${options[@]}" >"$PSD_WORK/opensc.out" 2>&1 ||
    fail "opensc-tool: $(<"$PSD_WORK/opensc.out")"
  answers <"$PSD_WORK/opensc.out"
}

# A client that stays connected -------------------------------------------------------------------------------------

# open_client NAME SLOT: starts a pcsc-talk.
open_client() {
  mkfifo "$PSD_WORK/$1.in" "$PSD_WORK/$1.out"
  pcsc-talk "$(reader "$2")" <"$PSD_WORK/$1.in" >"$PSD_WORK/$1.out" &
  local in out
  exec {in}>"$PSD_WORK/$1.in" {out}<"$PSD_WORK/$1.out"
  client_in[$1]=$in client_out[$1]=$out
}

# say NAME LINE: prints the answer.
say() {
  local line
  echo "$2" >&"${client_in[$1]}"
  read -r -t 20 line <&"${client_out[$1]}" || fail "client $1 has no answer to: $2"
  echo "$line"
}

# close_client NAME
close_client() {
  local in=${client_in[$1]} out=${client_out[$1]}
  exec {in}>&- {out}<&-
  unset "client_in[$1]" "client_out[$1]"
}

# A meter -----------------------------------------------------------------------------------------------------------

readonly pin=271828 puk=31415926
readonly verify_pin=0020008106323731383238 verify_wrong=0020008106303030303030 pin_tries=00200081

# personalize NAME SLOT SERIAL: a meter with that PIN, which has three tries.
personalize() {
  write_profile "$PSD_WORK/$1.profile" "$3" "$pin" "$puk"
  "$PSD_CLI" --reader "$(reader "$2")" personalize --keys "$(state_of "$1").keys" --profile "$PSD_WORK/$1.profile" \
    >"$PSD_WORK/personalize.log" 2>&1 || fail "psd personalize: $(<"$PSD_WORK/personalize.log")"
}
