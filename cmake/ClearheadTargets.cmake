# Functions that every target of the tree is made with.

# The flags that every target of the tree is compiled with, and where binaries go. Never
# -march=native or -ffast-math: Highway picks the instruction set at run time. No contraction of
# a*b+c, so that each processor gives the same bytes.
function(clearhead_configure_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -ffp-contract=off)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Wrong for "text" + std::string: GCC bug 105329.
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(CLEARHEAD_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CLEARHEAD_COVERAGE)
    # Said so that ccache knows what was compiled in another clone: paths are relative, and with
    # -fprofile-instr-generate, which asks for the same, it takes the folder of the build for a
    # part of what is compiled.
    file(RELATIVE_PATH uncounted "${CMAKE_BINARY_DIR}" "${PROJECT_SOURCE_DIR}/cmake/uncounted.txt")
    target_compile_options(${target} PRIVATE
      "SHELL:-Xclang -fprofile-instrument=clang" "SHELL:-Xclang -fcoverage-mapping"
      -fcoverage-compilation-dir=. "SHELL:-Xclang -fprofile-list=${uncounted}")
    target_link_options(${target} PUBLIC -fprofile-instr-generate)
  endif()
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    POSITION_INDEPENDENT_CODE ON
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

# clearhead_add_library(NAME FOLDERS folder...)
# A static library of all sources in the folders clearhead/<folder>, found under clearhead::. Where
# there is an x_standalone.cc beside x.cc, the standalone build takes it, and the others x.cc.
function(clearhead_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FOLDERS")
  set(sources)
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS
      "${PROJECT_SOURCE_DIR}/clearhead/${folder}/*.cc"
      "${PROJECT_SOURCE_DIR}/clearhead/${folder}/*.h")
    list(APPEND sources ${found})
  endforeach()
  set(stand_ins ${sources})
  list(FILTER stand_ins INCLUDE REGEX "_standalone\\.cc$")
  if(CLEARHEAD_STANDALONE)
    list(TRANSFORM stand_ins REPLACE "_standalone\\.cc$" ".cc")
  endif()
  list(REMOVE_ITEM sources ${stand_ins})
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

# clearhead_batch(NAME VARIABLE)
# Replaces the sources in the list VARIABLE by some that include eight of them each, so that
# headers, most of what is compiled, are read once for eight. CMake's UNITY_BUILD does that, too,
# but with absolute paths: ccache would not know the same in another clone.
function(clearhead_batch name variable)
  set(rest ${${variable}})
  list(FILTER rest INCLUDE REGEX "\\.cc$")
  set(result ${${variable}})
  list(REMOVE_ITEM result ${rest})
  set(number 0)
  while(rest)
    list(SUBLIST rest 0 8 batch)
    list(REMOVE_ITEM rest ${batch})
    set(content "")
    foreach(source IN LISTS batch)
      file(RELATIVE_PATH path "${PROJECT_SOURCE_DIR}" "${source}")
      string(APPEND content "#include \"${path}\"\n")
    endforeach()
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${name}_batch_${number}.cc")
    file(CONFIGURE OUTPUT "${file}" CONTENT "${content}" @ONLY)
    list(APPEND result "${file}")
    math(EXPR number "${number} + 1")
  endwhile()
  set(${variable} ${result} PARENT_SCOPE)
endfunction()

# clearhead_compile_for_tiles(TARGET)
# Compiles the sources *_tiles.cc of TARGET for AVX-512 and AMX, where the compiler can; tiles.cc
# says at run time whether they may run. They include nothing whose code could be linked into other
# files: see clearhead/kernels/targets/tiles-inl.h.
function(clearhead_compile_for_tiles target)
  set(flags -mamx-tile -mamx-bf16 -mavx2 -mfma -mbmi2
    -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vbmi -mavx512bf16)
  include(CheckCXXSourceCompiles)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(JOIN flags " " CMAKE_REQUIRED_FLAGS)
    check_cxx_source_compiles("int main() { return 0; }" CLEARHEAD_COMPILER_HAS_TILES)
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "_tiles\\.cc$")
  if(NOT CLEARHEAD_COMPILER_HAS_TILES)
    set_source_files_properties(${sources} PROPERTIES HEADER_FILE_ONLY TRUE)
    return()
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Wrong for AVX-512 intrinsics: GCC bug 105593.
    list(APPEND flags -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${flags}")
  target_compile_definitions(${target} PRIVATE CLEARHEAD_HAVE_TILES)
endfunction()
