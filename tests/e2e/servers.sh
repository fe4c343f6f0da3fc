# shellcheck shell=bash
# What the tests and the demonstration share of the server side: key management systems, meter servers, somebody on the line.
# All run in the current folder, with the programs in $PSD_KMS, $PSD_SERVER and $PSD_VERIFY.
: "${PSD_KMS:=psd-kms}" "${PSD_SERVER:=psd-server}" "${PSD_VERIFY:=psd-verify}"
declare -A server_process=() server_address=()

# await FILE PATTERN: until a line of FILE, which somebody is writing, matches.
await() {
  # shellcheck disable=SC2016 # for the inner shell
  timeout 30 bash -c 'grep -q -m 1 -E -e "$2" <(exec tail --pid=$$ -n +1 -F "$1" 2>/dev/null)' bash "$1" "$2" ||
    { echo "nothing like '$2' in $1:" >&2 && tail -n 20 "$1" >&2 && return 1; }
}

# make_kms NAME [OPTION]...: its keys, sealed under a passphrase in NAME.pass; those of the vendor, unless told otherwise.
make_kms() {
  local options=("${@:2}")
  ((${#options[@]})) || options=(--rsa 2048)
  (umask 077 && random_hex 16 >"$1.pass")
  "$PSD_KMS" init --dir "$1" --passphrase-file "$1.pass" "${options[@]}" >>"$1.log" 2>&1
}

# start_kms NAME ROLE SOCKET [OPTION]...
start_kms() {
  : >"$3.log"
  "$PSD_KMS" run --dir "$1" --role "$2" --listen "$3" --passphrase-file "$1.pass" "${@:4}" >>"$3.log" 2>&1 &
  server_process[$3]=$!
  await "$3.log" '"started"'
}

# start_server NAME DATABASE KMS ADDRESS [OPTION]...: its address, with its port, is left in server_address[NAME]; its control
# socket is NAME.control.
start_server() {
  : >"$1.out"
  "$PSD_SERVER" run --db "$2" --kms "$3" --listen "$4" --control "$1.control" "${@:5}" >"$1.out" 2>>"$1.log" &
  server_process[$1]=$!
  await "$1.out" '^listening on'
  server_address[$1]=$(sed -n 's/^listening on //p' "$1.out")
}

# stop_server NAME: ends a server or a key management system (by its socket), which must end well.
stop_server() {
  kill "${server_process[$1]}"
  wait "${server_process[$1]}"
  unset "server_process[$1]"
}

# killed PROCESS: as a crash ends it, without a word.
killed() {
  kill -KILL "$1"
  wait "$1" 2>/dev/null || true
}

# kill_server NAME: the same for what stop_server ends in order.
kill_server() {
  killed "${server_process[$1]}"
  unset "server_process[$1]"
}

# add_user DATABASE KMS NAME PASSWORD [OPTION]...: with an account of the same name. PASSWORD goes to NAME.password.
add_user() {
  (umask 077 && echo "$4" >"$3.password")
  "$PSD_SERVER" account create --db "$1" --kms "$2" "$3" "The $3 company" &&
    "$PSD_SERVER" user add --db "$1" --kms "$2" --account "$3" "$3" --password-file "$3.password" "${@:5}"
}

# meddle MODE ARGUMENT...: somebody on the line; the address at which he waits is left in $line, what he says in meddle.out.
meddle() {
  : >meddle.out # what the last one said
  perl "$(dirname "${BASH_SOURCE[0]}")/meddle.pl" "$@" >meddle.out 2>&1 &
  meddler=$!
  await meddle.out '^listening on'
  line=$(sed -n 's/^listening on //p' meddle.out)
}
