# The store and the ports.
add_library(psd_store_model STATIC store_model.c)
target_include_directories(psd_store_model PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(psd_store_model PUBLIC psd_store PRIVATE psd_options)

psd_unit_test(unit-store-records SOURCES store_records.c LIBRARIES psd_store_model psd_port)
psd_unit_test(unit-store-damage SOURCES store_damage.c LIBRARIES psd_store_model psd_port psd_crypto)
psd_unit_test(unit-store-faults SOURCES store_faults.c LIBRARIES psd_store_model psd_port)
psd_unit_test(unit-port-ram SOURCES port_ram.c LIBRARIES psd_port)
psd_unit_test(unit-port-file SOURCES port_file.c LIBRARIES psd_store psd_port)
psd_unit_test(unit-port-os SOURCES port_os.c LIBRARIES psd_port)
