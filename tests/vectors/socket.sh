#!/bin/bash
# The vectors of apdu-spec/vectors, unchanged, on a card behind psd-card's socket: socket.sh PSD_VECTORS PSD_CARD FILE...
set -euo pipefail

vectors=$1 psd_card=$2
work=$(mktemp -d)
trap 'kill "${card:-}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
for file in "${@:3}"; do
  name=$(basename "$file" .apdu)
  "$vectors" --prepare "$work/$name.state" "$("$vectors" --state "$file")"
  mkfifo "$work/$name.log"
  "$psd_card" run --state "$work/$name.state" --listen "$work/$name.socket" 2>"$work/$name.log" &
  card=$!
  # psd-card says when it listens.
  exec 3<"$work/$name.log"
  read -r line <&3
  [[ $line == *listening* ]] || { echo "$name: $line" >&2 && exit 1; }
  "$vectors" --card "$work/$name.socket" "$file"
  kill -TERM "$card"
  wait "$card"
  exec 3<&-
done
