#!/bin/bash
# The gate itself: every rule finds what it is for, and leaves alone what is fine.
set -euo pipefail
gate=$(dirname "$0")/gate.pl
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# check fine|found PATH LINE: whether the gate objects to a file of that one line at that path.
check() {
  local expected=$1 path=$2 line=$3 verdict=fine
  mkdir -p "$tree/$(dirname "$path")"
  printf '%s\n' "$line" >"$tree/$path"
  perl "$gate" "$tree" "$path" >/dev/null || verdict=found
  rm "$tree/$path"
  if [[ $verdict != "$expected" ]]; then
    echo "gate: '$line' in $path should be $expected, is $verdict"
    failures=$((failures + 1))
  fi
}

for call in 'strcpy(a, b)' 'strcat(a, b)' 'sprintf(a, b)' 'gets(a)' 'atoi(a)' 'alloca(9)' 'rand()' 'system(a)'; do
  check found reader/cli/a.c "  $call;"
done
check fine reader/cli/a.c '  snprintf(a, sizeof a, "%d", 1); fgets(a, 9, f); /* never strcpy(a, b) */'
check found card/port/a.c '  usleep(100);'
check found tests/unit/a.c '  sleep (1);'
check found tests/e2e/a.sh '  sleep 0.5'
check found run '  sleep $delay; true'
check fine tests/e2e/a.sh '  # sleep 1 would be wrong here; pcsc-wait sleeps on events'
check found card/iso7816/a.c '  if (memcmp(mac, expected, 8) == 0) {'
check found reader/flow/a.c '  return !memcmp(a, session->k1_key, 16);'
check fine card/iso7816/a.c '  return memcmp(mapping, aid, 5) == 0;'
check fine tests/unit/a.c '  return memcmp(mac, expected, 8) == 0;'
check found reader/flow/a.c '#include <tomcrypt.h>'
check fine card/crypto/a.c '#include <tomcrypt.h>'
for header in stdio.h stdlib.h time.h unistd.h sys/socket.h pthread.h; do
  check found card/iso7816/a.c "#include <$header>"
  check fine card/emulator/a.c "#include <$header>"
  check fine card/port/a.c "#include <$header>"
done
check fine card/meter/a.c '#include <string.h>'
check found card/store/a.c '  p = malloc(9);'
check found card/meter/a.c '#ifdef TEST'
check found card/emulator/a.c '#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
check found card/CMakeLists.txt 'file(GLOB sources *.c)'
for word in TODO FIXME XXX HACK; do
  check found docs/a.md "$word: later"
  check found card/iso7816/a.c "/* $word */"
done
check fine tests/e2e/a.sh 'mktemp -d /run/a.XXXXXX'

((failures == 0)) && echo "the gate holds"
