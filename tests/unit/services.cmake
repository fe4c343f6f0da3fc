# What the card signs and reads as CMS. Included by CMakeLists.txt in this folder.
foreach(part cms sign postmark validate revocation credit payment)
  psd_unit_test(card_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_${part}.c LIBRARIES psd_bench_services)
endforeach()
