#!/bin/bash
# Refills and withdrawals that are cut off: psd, the card, the meter server, the key management system killed, PostgreSQL
# crashed, each at every step of the protocol. Everything is started again then, and the next session finishes or cancels what
# was begun: no mill is lost and none is made.
[[ ${PSD_POSTGRES:-} ]] || exec "$(dirname "$0")/private-postgres" bash "$0"
source "$(dirname "$0")/lib.sh"
source "$e2e/servers.sh"
source "$e2e/money.sh"
cd "$PSD_WORK"

# Frames of apdu-spec/session.def, type and number: as they pass in a refill, and to the key management system.
readonly initialize_load=7:1 s1=7:2 credit=7:3 s3=7:4 host_answer=6:4 fund=48:1 funded=49:1
errand=(refill 20.00) # what psd is asked for
card='' bought=0 # the card in the reader, and the mills that it should hold

# hold FRAME [SERVER PATH]: somebody on the line who keeps that frame; without more, between psd and the meter server.
hold() {
  if (($# > 1)); then
    rm -f "$3"
    meddle hold "$@"
  else
    meddle hold "$1" "${server_address[meter]}"
  fi
}

# begin: a refill, or what else $errand is, until the frame is held.
begin() {
  "$PSD_CLI" --reader "$(reader 0)" "${errand[@]}" --server "${line:-${server_address[meter]}}" --user anna \
    --password-file anna.password >asked.out 2>&1 &
  asking=$!
  await meddle.out '^held'
}

# conclude WORDS PATTERN: it fails, and says so.
conclude() {
  local status=0
  wait "$asking" || status=$?
  ((status == 1 || status == 3)) || fail "$1: exit status $status: $(<asked.out)"
  expect_like "$1" "$(<asked.out)" "$2"
}

let_go() {
  kill -USR1 "$meddler"
}

hang_up() {
  kill "$meddler"
  wait "$meddler" || true
  line=''
}

run_server() { # [KMS]
  start_server meter "$database" "${1:-kms.sock}" 127.0.0.1:0 "${quick[@]}"
}

# recovered WORDS PATTERN MILLS: what the next session makes of it, and that everything agrees.
recovered() {
  expect_like "$1: psd recover" "$(sign_on recover 2>&1)" "$2"
  bought=$((bought + $3))
  expect "$1: what the meter holds" "$(holds)" "$bought"
  expect "$1: what the account has" "$(operator account show anna --json | number '$j->{balance}')" $((2000000 - bought))
  agreed
}

readonly nothing="Nothing was left behind" cancelled="which was cut off, is cancelled" finished="which was cut off, is finished"
readonly at_risk="no money is lost: psd recover"

# Each step: the frame that is under way, what the next session makes of it when that is lost, and what has been bought then.
each_step() { # COMMAND
  "$1" $initialize_load "$nothing" 0
  "$1" $s1 "$cancelled" 0
  "$1" $credit "$finished" 20000
  "$1" $s3 "$finished" 20000
  "$1" $host_answer "$nothing.*The last was the refill of 20.00 .*: loaded" 20000
}

psd_killed() { # FRAME PATTERN MILLS
  hold "$1"
  begin
  killed "$asking"
  hang_up
  recovered "psd killed, frame $1" "$2" "$3"
}

server_killed() { # FRAME PATTERN MILLS
  hold "$1"
  begin
  kill_server meter
  hang_up
  conclude "psd, server killed, frame $1" "$at_risk"
  run_server
  recovered "server killed, frame $1" "$2" "$3"
}

# The card is killed, the frame arrives all the same: what the card has said is heard, what it is told is not.
card_killed() { # FRAME PATTERN MILLS
  hold "$1"
  begin
  killed "${card_process[$card]}"
  pcsc-wait empty "$(reader 0)"
  let_go
  wait "$asking" || true # of what comes after the last step it may know nothing
  hang_up
  insert_card "$card" 0
  recovered "card killed, frame $1" "$2" "$3"
}

# The key management system comes back, and the server, which knows it by the path of whoever was on the line, finds it by
# itself.
kms_killed() { # FRAME
  stop_server meter
  hold "$1" kms.sock line.sock
  line=''
  run_server line.sock
  begin
  kill_server kms.sock
  hang_up
  conclude "psd, key management system killed, frame $1" "the key management system does not answer; try again later"
  : >meter.log
  ln -sf kms.sock line.sock
  start_kms kms meter kms.sock
  await meter.log 'key management system connected'
  recovered "key management system killed, frame $1" "$cancelled" 0
}

# It is there again before it is asked: the server calls it anew, and psd sees nothing of it.
database_crashed() { # FRAME
  hold "$1"
  begin
  "$e2e/private-postgres" kill
  "$e2e/private-postgres" start
  let_go
  wait "$asking" || fail "a database that came back in time: $(<asked.out)"
  hang_up
  recovered "database crashed, frame $1" "$nothing" 20000
}

database_gone() { # FRAME PATTERN MILLS
  hold "$1"
  begin
  "$e2e/private-postgres" kill
  let_go
  conclude "psd, database gone, frame $1" "the database does not answer"
  hang_up
  "$e2e/private-postgres" start
  recovered "database gone, frame $1" "$2" "$3"
}

# The card debits first, and nothing cancels that: what is lost after it is made good.
withdrawals() {
  errand=(withdraw 5.00)
  server_killed $initialize_load "$nothing" 0 # it is INITIALIZE WITHDRAWAL here, and so on
  server_killed $s1 "withdrawal of 5.00 .*$finished" -5000
  server_killed $credit "withdrawal of 5.00 .*$finished" -5000
  server_killed $s3 "withdrawal of 5.00 .*$finished" -5000
  server_killed $host_answer "$nothing.*The last was the withdrawal of 5.00 .*: withdrawn" -5000
  errand=(refill 20.00)
}

# What docs/reader.md promises of the same command once more.
refill_again() {
  note "psd refill once more, instead of psd recover: the refill that was cut off is the one that was wanted"
  hold $credit
  begin
  kill_server meter
  hang_up
  conclude "psd, server killed" "$at_risk"
  run_server
  expect_like "the same amount" "$(sign_on refill 20.00)" "$finished.*Nothing more was bought"
  recovered "after it" "$nothing" 20000
  hold $s1
  begin
  kill_server meter
  hang_up
  conclude "psd, server killed" "$at_risk"
  run_server
  expect_like "one that was cancelled is bought" "$(sign_on refill 20.00)" "$cancelled.*20.00 credited"
  recovered "after it" "$nothing" 20000
}

# The session that recovers is cut off itself: at the first step, and after the card has done it.
recovery_killed() {
  local frame
  hold $credit
  begin
  kill_server meter
  hang_up
  conclude "psd, server killed" "$at_risk"
  for frame in 7:1 7:2; do
    run_server
    hold $frame
    sign_on recover >recover.out 2>&1 &
    asking=$!
    await meddle.out '^held'
    kill_server meter
    hang_up
    wait "$asking" && fail "a session that was cut off is none the worse for it: $(<recover.out)"
  done
  run_server
  recovered "recovery killed" "$finished" 20000
}

# on_database URL NAME: an account, and a meter of its own.
on_database() {
  database=$1 card=$2 bought=0
  run_server
  open_account 2000
  make_card "$card" 00001001
  insert_card "$card" 0
  manufacture "$card" >manufacture.log
  sign_on register >register.log
}

make_kms kms
start_kms kms meter kms.sock
start_kms kms manufacturing factory.sock
on_database "sqlite:$PSD_WORK/meter.db" lite
note "psd is killed"
each_step psd_killed
note "the card is killed"
card_killed $initialize_load "$nothing" 0
card_killed $s1 "$finished" 20000
card_killed $credit "$finished" 20000
card_killed $s3 "$nothing" 20000
note "the meter server is killed"
each_step server_killed
refill_again
note "the meter server is killed in a withdrawal"
withdrawals
note "the meter server is killed in the session that recovers"
recovery_killed
note "the key management system is killed"
kms_killed $fund
kms_killed $funded
stop_server meter
remove_card lite

on_database "$PSD_POSTGRES" postgres
note "the meter server is killed, PostgreSQL"
each_step server_killed
note "PostgreSQL crashes"
database_crashed $s1
database_crashed $s3
database_gone $s1 "$nothing" 0
database_gone $s3 "$finished" 20000
stop_server meter
remove_card postgres
stop_server kms.sock
stop_server factory.sock
