# shellcheck shell=bash disable=SC2154 # lib.sh and servers.sh are sourced before
# What the tests of money share: anna's account on $database, the card in slot 0, and whether all agrees.
readonly quick=(--memory 8192 --passes 1) # Argon2id: the least a Host accepts

psd() {
  "$PSD_CLI" --reader "$(reader 0)" "$@"
}

# sign_on VERB [ARGUMENT]...: as anna, on the server in use, or at $line where somebody is on the line.
sign_on() {
  psd "$1" --server "${line:-${server_address[meter]}}" --user anna --password-file anna.password "${@:2}"
}

manufacture() { # NAME [OPTION]...
  psd manufacture --kms factory.sock --server meter.control --keys "$(state_of "$1").keys" "${@:2}"
}

operator() {
  "$PSD_SERVER" "$@" --db "$database" --kms kms.sock
}

# quietly COMMAND...: what it prints goes to a log.
quietly() {
  "$@" >>server.log
}

# open_account AMOUNT: anna's, with that deposit, for meters that are put into operation with ZIP and licence.
open_account() {
  quietly add_user "$database" kms.sock anna "a password" "${quick[@]}"
  quietly operator account license anna --zip 10001 --licence 4711
  quietly operator account deposit anna "$1" --reference "wire 1"
}

# number EXPRESSION: a value of the JSON on standard input, $j.
number() {
  perl -MJSON::PP -e 'local $/; my $j = decode_json(<STDIN>); print eval $ARGV[0]' "$1"
}

# What the meter in the reader holds, in mills.
holds() {
  psd info --json | number '$j->{postage_registers}{control_total_mills}'
}

# The state of its life.
state() {
  psd info | sed -n 's/^  state  *//p'
}

# agreed: the ledger, the registers and the account agree, and nothing is under way.
agreed() {
  local said
  said=$("$PSD_SERVER" reconcile --db "$database") || fail "psd-server reconcile: $said"
  expect_like "psd-server reconcile" "$said" " 0 open operations, 0 alarms.*all agrees"
}
