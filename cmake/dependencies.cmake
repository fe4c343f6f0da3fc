# Libraries from outside, each from Debian's packages.
include(CheckSymbolExists)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

find_path(TOMCRYPT_INCLUDE tomcrypt.h REQUIRED)
find_library(TOMCRYPT_LIBRARY tomcrypt REQUIRED)
find_library(GMP_LIBRARY gmp)

pkg_check_modules(PCSCLITE IMPORTED_TARGET libpcsclite)

add_library(psd_tomcrypt INTERFACE)
target_include_directories(psd_tomcrypt SYSTEM INTERFACE ${TOMCRYPT_INCLUDE})
target_link_libraries(psd_tomcrypt INTERFACE ${TOMCRYPT_LIBRARY})

# What is printed: symbols and pictures.
find_path(ZINT_INCLUDE zint.h REQUIRED)
find_library(ZINT_LIBRARY zint REQUIRED)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo-pdf cairo-svg cairo-png)
