# The standalone build, for what Debian has no compiled libraries for: WebAssembly (preset wasm). It
# takes nothing but headers from elsewhere, and is the library without threads, .npz, .csv, text and
# figures; the program clearhead-conformance; and the tests of the kernels.
#
# x_standalone.cc stands in for x.cc here (clearhead_add_library).

# Headers of this computer's packages that are the same for every processor, in a folder of their
# own: beside them in /usr/include lie the C library's, which are not.
set(headers "${PROJECT_BINARY_DIR}/headers")
file(MAKE_DIRECTORY "${headers}")
foreach(header IN ITEMS hwy/highway.h fmt/format.h nlohmann/json.hpp CLI/CLI.hpp)
  get_filename_component(folder ${header} DIRECTORY)
  find_path(CLEARHEAD_${folder} ${header} PATHS /usr/include
    NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  file(CREATE_LINK "${CLEARHEAD_${folder}}/${folder}" "${headers}/${folder}" SYMBOLIC)
endforeach()
add_library(clearhead_headers INTERFACE)
target_include_directories(clearhead_headers SYSTEM INTERFACE "${headers}")
target_compile_definitions(clearhead_headers INTERFACE FMT_HEADER_ONLY)

function(clearhead_configure_standalone target)
  clearhead_configure_target(${target})
  target_link_libraries(${target} PRIVATE clearhead_headers)
  if(EMSCRIPTEN)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  endif()
endfunction()

clearhead_add_library(clearhead FOLDERS base tensor kernels compute tape ops nn)
clearhead_configure_standalone(clearhead)
clearhead_compile_for_tiles(clearhead)

if(EMSCRIPTEN)
  target_compile_options(clearhead_headers INTERFACE
    "SHELL:-include ${PROJECT_SOURCE_DIR}/cmake/emscripten.h")
  # Files of the computer as they are, memory as it is needed, and buffers written out at the end.
  add_link_options(-sNODERAWFS=1 -sALLOW_MEMORY_GROWTH=1 -sEXIT_RUNTIME=1)
endif()

file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/conformance/*.cc")
add_executable(clearhead-conformance ${sources})
clearhead_configure_standalone(clearhead-conformance)
target_link_libraries(clearhead-conformance PRIVATE clearhead)
target_compile_definitions(clearhead-conformance PRIVATE CLEARHEAD_VERSION="${PROJECT_VERSION}")

if(CLEARHEAD_BUILD_TESTS)
  enable_testing()
  set(INSTALL_GTEST OFF)
  set(gtest_disable_pthreads ON)
  find_path(CLEARHEAD_GOOGLETEST googlemock/CMakeLists.txt PATHS /usr/src/googletest
    NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  add_subdirectory("${CLEARHEAD_GOOGLETEST}" "${PROJECT_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)

  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/kernels/*.cc")
  list(FILTER sources EXCLUDE REGEX "/instructions_")  # of x86-64
  add_executable(kernels_test ${sources})
  clearhead_configure_standalone(kernels_test)
  target_compile_options(kernels_test PRIVATE -O1)
  target_include_directories(kernels_test PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(kernels_test PRIVATE clearhead gtest_main gmock)
  add_test(NAME kernels COMMAND kernels_test)

  # The conformance data lie outside the repository; without them there is nothing to run.
  set(cases "${PROJECT_SOURCE_DIR}/../shared/conformance/onnx")
  if(DEFINED ENV{CLEARHEAD_SHARED})
    set(cases "$ENV{CLEARHEAD_SHARED}/conformance/onnx")
  endif()
  if(EXISTS "${cases}")
    add_test(NAME conformance
      COMMAND clearhead-conformance "${cases}/attention" "${cases}/softmax" "${cases}/gelu")
  else()
    message(STATUS "No conformance cases in ${cases}: the test is left out")
  endif()
endif()
