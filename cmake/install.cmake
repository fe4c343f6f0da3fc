# The card as a library, for firmware and for programs that make cards in bulk. What belongs to one program only is installed
# where that program is built.
get_target_property(PSD_CRYPTO_LIBRARY psd_crypto ALIASED_TARGET)
set(PSD_CRYPTO_LINK "-ltomcrypt")
if(PSD_HAVE_GMP)
  string(APPEND PSD_CRYPTO_LINK " -lgmp")
endif()

configure_file(cmake/libpsdcard.pc.in libpsdcard.pc @ONLY)
install(TARGETS psd_card psd_store psd_spec ${PSD_CRYPTO_LIBRARY} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES card/include/psd/card.h card/include/psd/ports.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/psd)
install(FILES ${PROJECT_BINARY_DIR}/libpsdcard.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
