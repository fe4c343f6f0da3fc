# Tests of kms. Included by CMakeLists.txt in this folder.
set(UNIT ${CMAKE_CURRENT_LIST_DIR})

psd_unit_test(server_tokens SOURCES ${UNIT}/server_tokens.c LIBRARIES psd_evp)
psd_unit_test(evp_vectors SOURCES ${UNIT}/evp_vectors.c LIBRARIES psd_evp)

add_library(psd_kms_support STATIC ${UNIT}/kms_support.c)
target_include_directories(psd_kms_support PUBLIC ${UNIT})
target_link_libraries(psd_kms_support PUBLIC psd_kms_core psd_check PRIVATE psd_options)

foreach(part operations funds orders tokens rates archive day)
  psd_unit_test(kms_${part} SOURCES ${UNIT}/kms_${part}.c LIBRARIES psd_kms_support)
endforeach()
psd_unit_test(kms_certify SOURCES ${UNIT}/kms_certify.c ${UNIT}/openssl_run.c LIBRARIES psd_kms_support)
target_compile_definitions(kms_certify PRIVATE _XOPEN_SOURCE=700)
foreach(part vault damage)
  psd_unit_test(kms_${part} SOURCES ${UNIT}/kms_${part}.c ${UNIT}/kms_folder.c LIBRARIES psd_kms_support)
  target_compile_definitions(kms_${part} PRIVATE _XOPEN_SOURCE=700)
endforeach()

# Tests of the real psd-kms.
add_library(psd_kms_process STATIC ${UNIT}/kms_process.c)
target_include_directories(psd_kms_process PUBLIC ${UNIT})
target_compile_definitions(psd_kms_process PUBLIC PSD_KMS_PROGRAM="$<TARGET_FILE:psd-kms>" _XOPEN_SOURCE=700)
target_link_libraries(psd_kms_process PUBLIC psd_check psd_spec PRIVATE psd_options)
add_dependencies(psd_kms_process psd-kms)
psd_unit_test(kms_program SOURCES ${UNIT}/kms_program.c LIBRARIES psd_kms_process psd_evp)
psd_unit_test(kms_money SOURCES ${UNIT}/kms_money.c ${UNIT}/openssl_run.c LIBRARIES psd_kms_process psd_evp)
psd_unit_test(kms_evidence SOURCES ${UNIT}/kms_evidence.c ${UNIT}/openssl_run.c LIBRARIES psd_kms_process psd_kms_program)
psd_unit_test(kms_load SOURCES ${UNIT}/kms_load.c LIBRARIES psd_kms_process)
psd_unit_test(kms_harden SOURCES ${UNIT}/kms_harden.c LIBRARIES psd_kms_process)
if(PSD_CLASSIC)
  psd_unit_test(kms_classic SOURCES ${UNIT}/kms_classic.c LIBRARIES psd_kms_support psd_meter_server)
endif()
