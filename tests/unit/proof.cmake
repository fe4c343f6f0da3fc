# Tests of apdu-spec/proof: certificates, postmarks, signatures, payments, revocations. Included by CMakeLists.txt in this folder.
add_library(psd_proof_bench STATIC ${CMAKE_CURRENT_LIST_DIR}/proof_bench.c)
target_include_directories(psd_proof_bench PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(psd_proof_bench PUBLIC psd_proof psd_check PRIVATE psd_options)
set_target_properties(psd_proof_bench PROPERTIES PSD_UNIT_TEST ON)
foreach(part payment postmark revocation signature trust)
  psd_unit_test(proof_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/proof_${part}.c LIBRARIES psd_proof_bench)
endforeach()
psd_unit_test(proof_card SOURCES ${CMAKE_CURRENT_LIST_DIR}/proof_card.c LIBRARIES psd_proof psd_bench_services)
