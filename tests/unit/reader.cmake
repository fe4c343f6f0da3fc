# Tests of reader. Included by CMakeLists.txt in this folder.
set(UNIT ${CMAKE_CURRENT_LIST_DIR})

psd_unit_test(reader_scp03 SOURCES ${UNIT}/reader_scp03.c LIBRARIES psd_reader psd_card)
target_include_directories(reader_scp03 PRIVATE ${PROJECT_SOURCE_DIR}/card)

add_library(psd_reader_support STATIC ${UNIT}/reader_support.c)
target_include_directories(psd_reader_support PUBLIC ${UNIT})
target_link_libraries(psd_reader_support PUBLIC psd_reader_card psd_rig PRIVATE psd_options)

psd_unit_test(reader_personalize SOURCES ${UNIT}/reader_personalize.c LIBRARIES psd_reader_support)

add_library(psd_reader_script STATIC ${UNIT}/reader_script.c)
target_include_directories(psd_reader_script PUBLIC ${UNIT})
target_link_libraries(psd_reader_script PUBLIC psd_reader psd_check PRIVATE psd_options)

psd_unit_test(reader_host SOURCES ${UNIT}/reader_host.c LIBRARIES psd_reader_script)

psd_unit_test(reader_evidence SOURCES ${UNIT}/reader_evidence.c ${UNIT}/reader_lossy.c
  LIBRARIES psd_reader_card psd_bench_evidence)

psd_unit_test(reader_services SOURCES ${UNIT}/reader_services.c ${UNIT}/reader_lossy.c
  LIBRARIES psd_reader_card psd_bench_services)

# Those that look inside the reader.
psd_unit_test(reader_pcsc SOURCES ${UNIT}/reader_pcsc.c LIBRARIES psd_reader)
target_include_directories(reader_pcsc PRIVATE ${PROJECT_SOURCE_DIR}/reader)
psd_unit_test(reader_socket SOURCES ${UNIT}/reader_socket.c LIBRARIES psd_reader_support psd_emulator)
target_include_directories(reader_socket PRIVATE ${PROJECT_SOURCE_DIR}/reader)
psd_unit_test(reader_profile SOURCES ${UNIT}/reader_profile.c LIBRARIES psd_reader_support)
target_include_directories(reader_profile PRIVATE ${PROJECT_SOURCE_DIR}/reader)
target_compile_definitions(reader_profile PRIVATE
  PSD_MANUAL="${PROJECT_SOURCE_DIR}/docs/man/psd.1" PSD_DOCUMENT="${PROJECT_SOURCE_DIR}/docs/reader.md")
foreach(test reader_cli reader_money)
  psd_unit_test(${test} SOURCES ${UNIT}/${test}.c ${UNIT}/reader_json.c ${UNIT}/reader_program.c
    LIBRARIES psd_cli psd_reader_support psd_emulator)
  target_compile_definitions(${test} PRIVATE PSD_PROGRAM="$<TARGET_FILE:psd>" _XOPEN_SOURCE=700)
  add_dependencies(${test} psd)
endforeach()
target_sources(reader_money PRIVATE ${UNIT}/reader_counter.c)
target_include_directories(reader_money PRIVATE ${PROJECT_SOURCE_DIR}/reader)

psd_unit_test(reader_indicium SOURCES ${UNIT}/reader_indicium.c ${UNIT}/reader_json.c ${UNIT}/reader_program.c
  LIBRARIES psd_cli psd_reader_support psd_emulator psd_bench_evidence psd_bench_orders)
set_tests_properties(reader_indicium PROPERTIES
  ENVIRONMENT "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
target_compile_definitions(reader_indicium PRIVATE PSD_PROGRAM="$<TARGET_FILE:psd>" _XOPEN_SOURCE=700)
add_dependencies(reader_indicium psd)

psd_unit_test(reader_certificates SOURCES ${UNIT}/reader_certificates.c ${UNIT}/reader_json.c ${UNIT}/reader_program.c
  LIBRARIES psd_cli psd_reader_support psd_emulator psd_bench_services)
set_tests_properties(reader_certificates PROPERTIES
  ENVIRONMENT "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0")
target_compile_definitions(reader_certificates PRIVATE PSD_PROGRAM="$<TARGET_FILE:psd>" _XOPEN_SOURCE=700)
add_dependencies(reader_certificates psd)

# libpsdreader.map against the headers.
set(PSD_READER_HEADERS "")
foreach(header reader.h reader/certificate.h reader/command.h reader/evidence.h reader/host.h reader/link.h
    reader/manufacture.h reader/personalize.h reader/scp03.h reader/session.h)
  list(APPEND PSD_READER_HEADERS ${PROJECT_SOURCE_DIR}/reader/include/psd/${header})
endforeach()
foreach(header amount apdu calendar certificate chars commands cursor describe evidence lifecycle messages objects rates session
    status text tlv)
  list(APPEND PSD_READER_HEADERS ${PROJECT_SOURCE_DIR}/apdu-spec/include/psd/spec/${header}.h)
endforeach()
add_test(NAME reader_exports COMMAND ${CMAKE_COMMAND} -DLIBRARY=$<TARGET_FILE:psd_reader_shared> -DNM=${CMAKE_NM}
  "-DHEADERS=${PSD_READER_HEADERS}" -P ${UNIT}/reader_exports.cmake)
set_tests_properties(reader_exports PROPERTIES LABELS unit)
