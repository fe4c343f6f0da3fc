#!/bin/bash
# run-test.sh NAME FRONT: runs the end-to-end test NAME.sh with the cards in the readers of FRONT, vpcd or ifd, of a private
# pcscd. Logs stay in the build folder and are shown when it fails. CMake sets PSD_BUILD, PSD_CARD, PSD_CLI, PSD_IFD.
set -euo pipefail
e2e=$(dirname "$(realpath "$0")")
name=$1
export PSD_FRONT=$2
export PSD_WORK=$PSD_BUILD/tests/e2e/work/$name-$PSD_FRONT
export PSD_CARDS=$PSD_WORK/cards
rm -rf "$PSD_WORK"
mkdir -p "$PSD_CARDS"

readers=(--vpcd 2)
[[ $PSD_FRONT == vpcd ]] || readers=(--vpcd 0 --ifd "$PSD_IFD:$PSD_CARDS" --slots 4)

status=0
"$e2e/private-pcscd" "${readers[@]}" --log "$PSD_WORK/pcscd.log" bash "$e2e/$name.sh" || status=$?
if ((status != 0)); then
  for log in "$PSD_WORK"/*.log; do
    echo "==== ${log##*/}, its last 60 lines"
    tail -n 60 "$log"
  done
  echo "==== exit status $status; everything is in $PSD_WORK"
fi
exit "$status"
