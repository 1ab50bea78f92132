# Installs the build into an empty prefix, then configures, builds and runs the programs in
# consumer/ and, if c_compiler is given, c_consumer/ against it, as somebody who uses clearhead
# would. Needs: build_dir, work_dir, generator, compiler, flags.

function(step)
  execute_process(COMMAND ${ARGV}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(NOTICE "${output}")
    message(FATAL_ERROR "This gave ${status}: ${command}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${work_dir}")
step("${CMAKE_COMMAND}" --install "${build_dir}" --prefix "${work_dir}/prefix")
step("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${work_dir}/build"
  -G "${generator}" "-DCMAKE_CXX_COMPILER=${compiler}" "-DCMAKE_CXX_FLAGS=${flags}"
  "-DCMAKE_PREFIX_PATH=${work_dir}/prefix")
step("${CMAKE_COMMAND}" --build "${work_dir}/build")
step("${work_dir}/build/consumer")
if(NOT output MATCHES "the package works")
  message(FATAL_ERROR "consumer printed:\n${output}")
endif()
message(STATUS "${output}")

if(c_compiler)
  step("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/c_consumer" -B "${work_dir}/c_build"
    -G "${generator}" "-DCMAKE_C_COMPILER=${c_compiler}" "-DCMAKE_PREFIX_PATH=${work_dir}/prefix")
  step("${CMAKE_COMMAND}" --build "${work_dir}/c_build")
  foreach(program IN ITEMS by_cmake by_pkg_config)
    step("${work_dir}/c_build/${program}")
    if(NOT output MATCHES "the package works: y\\[0\\] = 1")
      message(FATAL_ERROR "${program} printed:\n${output}")
    endif()
  endforeach()
endif()
