# Tests of what is printed. Included by CMakeLists.txt in this folder.
set(UNIT ${CMAKE_CURRENT_LIST_DIR})
find_path(DMTX_INCLUDE dmtx.h REQUIRED)
find_library(DMTX_LIBRARY dmtx REQUIRED)
pkg_check_modules(FONTCONFIG REQUIRED IMPORTED_TARGET fontconfig)

# Pictures as a scanner sees them, and decoders that read them (support/scan.h, support/read_back.h).
add_library(psd_scan STATIC ${PROJECT_SOURCE_DIR}/tests/support/scan.c ${PROJECT_SOURCE_DIR}/tests/support/read_back.c)
target_include_directories(psd_scan PUBLIC ${PROJECT_SOURCE_DIR}/tests/support)
target_include_directories(psd_scan SYSTEM PRIVATE ${DMTX_INCLUDE})
target_link_libraries(psd_scan PRIVATE psd_options ${DMTX_LIBRARY} PUBLIC psd_decode PkgConfig::CAIRO)

add_library(psd_print_support STATIC ${UNIT}/reader_print_support.c)
target_include_directories(psd_print_support PUBLIC ${UNIT} ${PROJECT_SOURCE_DIR}/reader)
target_link_libraries(psd_print_support PRIVATE psd_options PkgConfig::FONTCONFIG PUBLIC psd_check psd_print psd_scan)

foreach(test reader_print reader_print_file reader_print_vector)
  psd_unit_test(${test} SOURCES ${UNIT}/${test}.c LIBRARIES psd_print_support)
endforeach()
target_sources(reader_print_vector PRIVATE ${UNIT}/openssl_run.c)
