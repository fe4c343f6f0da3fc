# The card's side of the handshake. Included by CMakeLists.txt in this folder.
foreach(part handshake attack audit envelope keys)
  psd_unit_test(session_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/session_${part}.c LIBRARIES psd_bench_meter)
endforeach()
if(PSD_CLASSIC)
  psd_unit_test(session_classic SOURCES ${CMAKE_CURRENT_LIST_DIR}/session_classic.c LIBRARIES psd_bench_meter)
endif()

# Rate tables and digital tokens.
foreach(part rates rates_terms)
  psd_unit_test(card_${part} LIBRARIES psd_bench_meter
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_${part}.c ${CMAKE_CURRENT_LIST_DIR}/rates_bench.c)
endforeach()
foreach(part tokens dsa_key)
  psd_unit_test(card_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_${part}.c LIBRARIES psd_bench_meter)
endforeach()

# The provider's orders.
foreach(part certificate orders orders_settings orders_state orders_zeroize)
  psd_unit_test(card_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_${part}.c LIBRARIES psd_bench_orders)
endforeach()
