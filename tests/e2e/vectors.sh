# shellcheck shell=bash
# The vectors of apdu-spec/vectors, unchanged, on a card in a reader of pcscd: each file on a card of its own, prepared for
# the state the file begins with.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

vectors=$PSD_BUILD/tests/vectors/psd-vectors
mkdir -p "$PSD_WORK/drawer"
for file in "$e2e"/../../apdu-spec/vectors/*.apdu; do
  name=$(basename "$file" .apdu)
  note "$name"
  "$vectors" --prepare "$(state_of "$name")" "$("$vectors" --state "$file")"
  insert_card "$name" 0
  "$vectors" --reader "$(reader 0)" "$file" || fail "$name.apdu in $(reader 0)"
  remove_card "$name"
done
