#!/bin/bash
# What `cmake --install` leaves is whole: programs start, libraries link through pkg-config, pcscd's entry names the handler.
# CMake sets PSD_BUILD, PSD_CC and PSD_FLAGS, those that everything was compiled with (sanitizers).
set -euo pipefail

work=$PSD_BUILD/tests/e2e/work/install
root=$work/root
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

DESTDIR=$root cmake --install "$PSD_BUILD" >"$work/install.log" 2>&1 || fail "$(<"$work/install.log")"

prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$PSD_BUILD/CMakeCache.txt")
for program in psd psd-card psd-fleet psd-kms psd-server psd-verify; do
  "$root$prefix/bin/$program" --version >"$work/version" || fail "$program --version: exit status $?"
  [[ -e $root$prefix/share/man/man1/$program.1 ]] || fail "$program has no manual page"
done

echo "-- programs link against the libraries"
PKG_CONFIG_PATH=$(dirname "$(find "$root$prefix" -name libpsdreader.pc)")
export PKG_CONFIG_PATH

# try NAME SOURCE [pkg-config option]: compiles and runs a program that uses the library.
try() {
  local flags
  printf '%s\n' "$2" >"$work/$1.c"
  read -ra flags < <(pkg-config --cflags --libs "${@:3}" "$1") || fail "pkg-config $1"
  # shellcheck disable=SC2086 # several flags
  "$PSD_CC" -std=c17 $PSD_FLAGS "$work/$1.c" -o "$work/$1" "${flags[@]}" || fail "$1 does not link"
  LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH") "$work/$1" || fail "$1: exit status $?"
}

# shellcheck disable=SC2016
try libpsdreader '
#include <psd/reader.h>
#include <psd/reader/manufacture.h>
#include <psd/reader/session.h>
int main(void) {
  psd_transport *transport = NULL;
  psd_link *link = NULL;
  psd_error error;
  if (psd_suites_in("p256") != PSD_SUITE_P256 ||
      psd_link_open(PSD_PEER_METER, "/no/such/server", 100, &link, &error) != PSD_NO_SERVER)
    return 1;
  psd_result result = psd_transport_socket("/no/such/socket", &transport, &error);
  psd_transport_close(transport);
  return result != PSD_OK;
}'
try libpsdcard '
#include <psd/card.h>
int main(void) {
  return psd_card_size() == 0;
}'

echo "-- pcscd's entry names the handler that was installed"
entry=$(find "$root" -path '*reader.conf.d/psd')
[[ $entry ]] || fail "no entry for pcscd"
library=$(awk '$1 == "LIBPATH" { print $2 }' "$entry")
[[ -f $root$library ]] || fail "LIBPATH $library is not there"
echo "installed and found whole"
