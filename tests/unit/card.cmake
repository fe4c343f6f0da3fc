# Tests of the card as a whole, on the bench. Included by CMakeLists.txt in this folder.
foreach(part
    iso_apdu
    iso_status
    iso_response
    iso_chain
    iso_select
    iso_template
    iso_channel
    iso_atr
    iso_read
    iso_data
    iso_pin
    iso_security
    scp03_vectors
    scp03_session
    scp03_attack
    personalise
    objects
    put_key
    log
    clock
    registers
    power
    evidence_policy
    hash)
  psd_unit_test(card_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_${part}.c LIBRARIES psd_rig)
  target_include_directories(card_${part} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
endforeach()
foreach(part load withdrawal authorization clock)
  psd_unit_test(card_funds_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_funds_${part}.c LIBRARIES psd_bench_meter)
endforeach()
# Evidence of postage.
foreach(part indicium indicium_kept indicium_remembered indicium_profiles indicium_refused indicium_funds indicium_withdrawal
    indicium_failure registration)
  psd_unit_test(card_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_${part}.c LIBRARIES psd_bench_evidence)
endforeach()
# Services that are charged.
psd_unit_test(card_service SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_service.c LIBRARIES psd_bench_evidence)
psd_unit_test(card_service_due SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_service_due.c LIBRARIES psd_bench_orders)
psd_unit_test(card_agent SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_agent.c LIBRARIES psd_bench_authority)
# Keys of users and their certificates.
foreach(part der hand)
  psd_unit_test(card_certificate_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_certificate_${part}.c LIBRARIES psd_rig)
endforeach()
foreach(part request install slots)
  psd_unit_test(card_certificate_${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/card_certificate_${part}.c LIBRARIES
    psd_bench_authority)
endforeach()
