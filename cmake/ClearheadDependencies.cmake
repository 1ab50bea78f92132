# What clearhead is built from: Debian 12 packages, found where the system keeps them; nothing is
# downloaded.
#
# A program that links the installed static libraries needs them too: clearhead-config.cmake.in
# repeats the list. The others are found by pkg-config because Debian's CMake files for libzip name
# programs that its -dev package does not bring, and most of the others have none.

find_package(fmt QUIET)
find_package(nlohmann_json QUIET)
find_package(PkgConfig QUIET)
pkg_check_modules(libhwy QUIET IMPORTED_TARGET libhwy)
pkg_check_modules(libzip QUIET IMPORTED_TARGET libzip)
pkg_check_modules(zlib QUIET IMPORTED_TARGET zlib)
pkg_check_modules(libpcre2-8 QUIET IMPORTED_TARGET libpcre2-8)
pkg_check_modules(libutf8proc QUIET IMPORTED_TARGET libutf8proc)
pkg_check_modules(libcrypto QUIET IMPORTED_TARGET libcrypto)
pkg_check_modules(cairo QUIET IMPORTED_TARGET cairo)
pkg_check_modules(pangocairo QUIET IMPORTED_TARGET pangocairo)

if(CLEARHEAD_BUILD_PYTHON)
  find_package(Python 3.11 QUIET COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)
  set(python_headers Python_Development.Module=python3-dev)
endif()

# What is missing is said at once, by the names of Debian's packages. What cannot be looked for
# without a compiler or pkg-config counts as missing.
set(missing)
if(NOT CMAKE_CXX_COMPILER)
  list(APPEND missing g++)
endif()
foreach(found_by IN ITEMS
    PkgConfig=pkg-config ${python_headers}
    fmt=libfmt-dev nlohmann_json=nlohmann-json3-dev libhwy=libhwy-dev
    libzip=libzip-dev zlib=zlib1g-dev libpcre2-8=libpcre2-dev libutf8proc=libutf8proc-dev
    libcrypto=libssl-dev cairo=libcairo2-dev pangocairo=libpango1.0-dev)
  string(REPLACE "=" ";" pair "${found_by}")
  list(GET pair 0 name)
  if(NOT ${name}_FOUND)
    list(GET pair 1 package)
    list(APPEND missing ${package})
  endif()
endforeach()
if(missing)
  list(JOIN missing " " missing)
  # An indented line is not broken, and can be copied.
  message(FATAL_ERROR "clearhead needs packages that are not there. On Debian 12:\n"
    "  apt-get install ${missing}")
endif()
find_package(Threads REQUIRED)
find_package(SQLite3 QUIET)  # without it, apps/sql is left out
if(CLEARHEAD_MPI)
  set(MPI_CXX_SKIP_MPICXX ON)  # we call MPI's C functions
  find_package(MPI REQUIRED COMPONENTS CXX)
endif()
