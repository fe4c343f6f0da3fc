# Warnings, hardening and instrumentation that every target of the project shares.
add_library(psd_options INTERFACE)

target_compile_options(psd_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes;-Wold-style-definition>
  -Wpointer-arith -Wcast-qual -Wcast-align -Wwrite-strings -Wundef -Wvla -Wformat=2
  -Wdouble-promotion -Wimplicit-fallthrough
  # CUnit's fatal assertions do not tell the compiler that they end the test.
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:PSD_UNIT_TEST>>>:-Wnull-dereference>)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(psd_options INTERFACE -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
endif()
if(PSD_WERROR)
  target_compile_options(psd_options INTERFACE -Werror)
endif()

# PSD_CLASSIC is 0 or 1 everywhere: tables have one row more with it, and a plain "if" says that it is missing.
target_compile_definitions(psd_options INTERFACE _POSIX_C_SOURCE=200809L PSD_CLASSIC=$<BOOL:${PSD_CLASSIC}>)
if(PSD_SANITIZE)
  # Some optimization: the exhaustive tests take minutes without.
  target_compile_options(psd_options INTERFACE
    -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(psd_options INTERFACE -fsanitize=address,undefined)
elseif(NOT PSD_COVERAGE)
  target_compile_options(psd_options INTERFACE -fstack-protector-strong -fstack-clash-protection)
  target_compile_definitions(psd_options INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
  target_link_options(psd_options INTERFACE LINKER:-z,relro,-z,now)
endif()
if(PSD_COVERAGE)
  target_compile_options(psd_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(psd_options INTERFACE --coverage)
endif()
if(PSD_FUZZ)
  target_compile_options(psd_options INTERFACE
    -fsanitize=fuzzer-no-link -fsanitize-coverage-ignorelist=${CMAKE_CURRENT_LIST_DIR}/../tests/fuzz/uncovered.txt)
endif()
