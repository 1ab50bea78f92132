# What clearhead is built from: Debian 12 packages, found where the system keeps them; nothing is
# downloaded.
#
# A program that links the installed static libraries needs them too: clearhead-config.cmake.in
# repeats the list. The others are found by pkg-config because Debian's CMake files for libzip name
# programs that its -dev package does not bring, and most of the others have none.

find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libhwy REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(libpcre2-8 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(libutf8proc REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(libcrypto REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(cairo REQUIRED IMPORTED_TARGET cairo)
pkg_check_modules(pangocairo REQUIRED IMPORTED_TARGET pangocairo)
find_package(SQLite3 QUIET)  # without it, apps/sql is left out
if(CLEARHEAD_MPI)
  set(MPI_CXX_SKIP_MPICXX ON)  # we call MPI's C functions
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()
