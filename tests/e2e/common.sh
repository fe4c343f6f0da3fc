# shellcheck shell=bash
# What the tests and the demonstration share.

# Turns what opensc-tool prints into one line an answer: the data in hexadecimal, a blank, SW1-SW2. Each row of its dump
# has up to 16 bytes in hexadecimal and then as many characters, which later rows begin at column 49.
answers() {
  awk '
    function flush() { if (sw != "") print data " " sw; sw = data = "" }
    /^Sending:/ { flush(); next }
    /^Received/ { sw = substr($0, 17, 2) substr($0, 27, 2); first = 1; next }
    sw != "" {
      bytes = first ? length($0) / 4 : length($0) - 48
      first = 0
      row = substr($0, 1, 3 * bytes)
      gsub(/ /, "", row)
      data = data row
    }
    END { flush() }'
}

random_hex() { # bytes
  od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}

# What a card is personalised with. Keys that must be secret are random; where a public key is needed the generator of the
# curve will do, for nobody signs anything here.
# write_profile FILE SERIAL PIN PUK
write_profile() {
  local point=04
  point+=6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
  point+=4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5
  (umask 077 && cat >"$1") <<PROFILE
vendor = PS
model = D1
serial = $2
funds = separate
maximum_postage = 99.999
maximum_descending = 1000
minimum_refill = 5
maximum_refill = 500
clock = now
warn_days = 80
lock_days = 90
pin_tries = 3
puk_tries = 10
minimum_pin = 6
pin = $3
puk = $4
vendor_key = $point
device_key = $(random_hex 32)
vendor_token_key = $(random_hex 32)
vendor_token_pointer = 417
vendor_token_set = 1
vendor_token_order = day
postal_token_key = $(random_hex 32)
postal_token_pointer = 42
postal_token_set = 1
postal_token_order = day
ca_key = $point
rate_key = $point
PROFILE
}
