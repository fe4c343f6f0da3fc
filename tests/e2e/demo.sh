#!/bin/bash
# The card, shown from its making to what it refuses. Runs inside a private pcscd: `./run demo`.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$(realpath "$0")")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH=$PSD_BUILD/tests/e2e:$PATH
export HOME=$work XDG_CACHE_HOME=$work OPENSC_CONF=/dev/null
reader="$PSD_VPCD_READER 00"
step=0 bold='' plain=''
if [[ -t 1 ]]; then
  bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
fi
cd "$work"

heading() {
  step=$((step + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
}

# show COMMAND...: the command as one would type it, and below it what it prints.
show() {
  local word line=''
  for word in "$@"; do
    [[ $word != *[[:space:]]* ]] || word="'$word'"
    line+=" $word"
  done
  printf '   $%s\n' "$line"
  local status=0
  "$@" 2>errors | sed 's/^/     /' || status=$?
  sed 's/^/     /' errors
  return $status
}

# refused COMMAND...: the same for a command that must fail.
refused() {
  if show "$@"; then
    echo "demo: that should have been refused" >&2
    exit 1
  fi
}

# What opensc-tool sends and receives, and below it the same in words. The driver named here sends nothing of its own.
exchange() { # APDU
  show opensc-tool --reader "$reader" --card-driver MaskTech --send-apdu "$1" | tee exchange
  psd trace "$1" "$(sed 's/^     //' exchange | answers | tr -d ' ')" | sed 's/^/     = /'
}

start_card() {
  printf '   $ psd-card run --state card.state --vpcd localhost:%s &\n' "$PSD_VPCD_PORT"
  psd-card run --state card.state --vpcd "localhost:$PSD_VPCD_PORT" 2>card.log &
  card=$!
  atr=$(pcsc-wait card "$reader")
}

remove_card() {
  kill "$card"
  wait "$card"
  pcsc-wait empty "$reader"
}

heading "A card is made: blank, with random transport keys"
show psd-card init --state card.state --serial 00C0FFEE

heading "It goes into the virtual reader of a pcscd that only this demonstration sees"
start_card
show opensc-tool --list-readers
show pcsc_scan -c

heading "What its answer to reset says"
show psd trace --atr "${atr// /}"

heading "The applications on it, from EF.DIR"
exchange 00B09E0000

heading "The PSD application is selected by its name"
exchange 00A4040005F05053440100

heading "It is personalised: keys, limits and a first PIN, in a secure channel (SCP03)"
write_profile profile 00C0FFEE 271828 31415926
show psd personalize --keys card.state.keys --profile profile

heading "Identity, state, registers"
show psd info

heading "The PIN"
(umask 077 && echo 271828 >pin && echo 000000 >wrong-pin)
show psd pin verify --pin-file pin
show psd pin status

heading "Refused: a wrong PIN; it costs a try"
refused psd pin verify --pin-file wrong-pin
show psd pin status

heading "Refused: an unknown command"
exchange 00FE0000

heading "Refused: a command its state forbids; there are no refills before the meter is licensed"
refused psd apdu 00A4040005F050534401 8040000008000000000000000000

heading "Refused: a malformed APDU; it announces five bytes and has two"
refused psd apdu 00A4040005F050

heading "Taken out and put back, it has forgotten nothing: neither the wrong PIN nor what happened to it"
remove_card
start_card
show psd pin status
show psd log
remove_card

printf '\n%sThat was the card.%s Try it yourself: ./run pcscd bash, and see README.md.\n' "$bold" "$plain"
