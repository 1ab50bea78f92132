# Functions that every target of the tree is made with.

# The flags that every target of the tree is compiled with, and where binaries go. Never -march=native or -ffast-math:
# Highway picks the instruction set at run time. No contraction of a*b+c, so that each processor gives the same bytes.
function(clearhead_configure_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -ffp-contract=off)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)  # wrong for "text" + std::string: GCC bug 105329
  endif()
  if(CLEARHEAD_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

# clearhead_add_library(NAME FOLDERS folder...)
# A static library of all sources in the folders clearhead/<folder>, found under clearhead::.
function(clearhead_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS")
  set(sources)
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS
      "${PROJECT_SOURCE_DIR}/clearhead/${folder}/*.cc" "${PROJECT_SOURCE_DIR}/clearhead/${folder}/*.h")
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)  # a library needs one source even before its folders have any
    set(sources "${PROJECT_BINARY_DIR}/empty.cc")
    file(TOUCH "${sources}")
  endif()
  add_library(${name} STATIC ${sources})
  string(REGEX REPLACE "^clearhead_" "" short_name ${name})
  add_library(clearhead::${short_name} ALIAS ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${short_name})
  target_include_directories(${name} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  clearhead_configure_target(${name})
endfunction()
