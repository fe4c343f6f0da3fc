# Tests of server/verify: what a site knows and judges, and the pieces it has seen. Included by CMakeLists.txt in this folder.
add_library(psd_verify_bench STATIC ${CMAKE_CURRENT_LIST_DIR}/verify_bench.c)
target_include_directories(psd_verify_bench PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(psd_verify_bench PUBLIC psd_verify_lib psd_check PRIVATE psd_options)
set_target_properties(psd_verify_bench PROPERTIES PSD_UNIT_TEST ON)
foreach(part folder site)
  psd_unit_test(verify_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/verify_${part}.c LIBRARIES psd_verify_bench)
endforeach()
psd_unit_test(verify_seen SOURCES ${CMAKE_CURRENT_LIST_DIR}/verify_seen.c LIBRARIES psd_verify_bench SQLite::SQLite3 PostgreSQL::PostgreSQL)
add_test(NAME verify_seen_postgres COMMAND ${private_postgres} $<TARGET_FILE:verify_seen>)
set_tests_properties(verify_seen_postgres PROPERTIES LABELS unit TIMEOUT 600)

# The program, with a clock of its own.
add_executable(psd-verify-noon ${PROJECT_SOURCE_DIR}/server/verify/main.c ${CMAKE_CURRENT_LIST_DIR}/verify_noon.c)
target_compile_definitions(psd-verify-noon PRIVATE PSD_VERSION="${PROJECT_VERSION}")
target_link_libraries(psd-verify-noon PRIVATE psd_options psd_verify_bench psd_verify_program)
foreach(part program batch pictures)
  psd_unit_test(verify_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/verify_${part}.c ${CMAKE_CURRENT_LIST_DIR}/verify_process.c
    LIBRARIES psd_verify_bench)
  target_compile_definitions(verify_${part} PRIVATE PSD_VERIFY_PROGRAM="$<TARGET_FILE:psd-verify-noon>")
  add_dependencies(verify_${part} psd-verify-noon)
endforeach()
target_include_directories(verify_pictures SYSTEM PRIVATE ${ZINT_INCLUDE})
target_link_libraries(verify_pictures PRIVATE psd_verify_program ${ZINT_LIBRARY} m)
