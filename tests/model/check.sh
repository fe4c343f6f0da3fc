#!/bin/bash
# One question put to the model: check.sh holds|violated WHAT [-DOPTION]...
#
#   holds N        the properties that N sums up (CHECKED in handshake.pml) hold in every state
#   violated NAME  spin finds a way to violate the property whose assertion is NAME
set -euo pipefail

model=$(dirname "$(realpath "$0")")/handshake.pml
expected=$1 what=$2
shift 2
readonly model expected what

die() {
  echo "model: $1" >&2
  exit 1
}

command -v spin >/dev/null || die "spin is not installed (Debian package spin)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

number_of() { # assertion
  case $1 in
  keys_are_secret) echo 1 ;;
  response_is_the_servers) echo 2 ;;
  audit_is_of_this_session) echo 4 ;;
  result_is_the_servers) echo 8 ;;
  accepted_once) echo 16 ;;
  data_is_the_others) echo 32 ;;
  audit_was_verified) echo 64 ;;
  past_is_secret) echo 128 ;;
  never_completes) echo 256 ;;
  *) die "no such assertion: $1" ;;
  esac
}

checked=$what
[[ $expected == holds ]] || checked=$(number_of "$what")
cp "$model" .
spin -a -DCHECKED="$checked" "$@" handshake.pml >spin.log || { cat spin.log && die "spin refuses the model"; }
# Spin's own code does not compile without warnings.
"${CC:-cc}" -w -O2 -DSAFETY -DNOFAIR -DMEMLIM=900 -o pan pan.c
# -E: that a session waits for ever is no error here. -w: size of the hash table; -m: depth.
./pan -E -w22 -m100000 >pan.log || { cat pan.log && die "the search failed"; }
cat pan.log

[[ $(grep -c 'errors:' pan.log) == 1 ]] || die "the search told nothing"
! grep -q 'max search depth too small' pan.log || die "the search was not deep enough"
if [[ $expected == holds ]]; then
  grep -q 'errors: 0$' pan.log || die "a property is violated"
  ! grep -q 'Search not completed' pan.log || die "the search was not completed"
else
  grep -q "assertion violated $what " pan.log || die "$what is not violated, and should be: the model does not see this attack"
  [[ -s handshake.pml.trail ]] || die "no trail"
  # The way there, for people.
  spin -t -p -DCHECKED="$checked" "$@" handshake.pml >trail.log || true
  grep -q 'assertion violated' trail.log || die "the trail does not lead there"
fi
