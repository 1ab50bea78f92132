# cmake --install: the libraries, their headers as include/clearhead/..., and the package that
# find_package(clearhead) finds; the library for C, clearhead.h, and its pkg-config file. Kernels,
# headers named *_internal.h, which are for their folder alone, and those named *-inl.h, which are
# parts of one source file, stay home.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/clearhead")

set(libraries clearhead clearhead_plot clearhead_claims)
if(CLEARHEAD_MPI)
  list(APPEND libraries clearhead_distributed)
else()
  set(without_mpi PATTERN "distributed" EXCLUDE)
endif()
install(TARGETS ${libraries} EXPORT clearhead-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/clearhead" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" PATTERN "*-inl.h" EXCLUDE PATTERN "*_internal.h" EXCLUDE
  PATTERN "kernels" EXCLUDE ${without_mpi})
install(EXPORT clearhead-targets NAMESPACE clearhead:: DESTINATION "${package_dir}")

if(TARGET clearhead_c)
  # A set of its own: it needs nothing of what the static libraries do.
  install(TARGETS clearhead_c EXPORT clearhead-c-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(FILES "${PROJECT_SOURCE_DIR}/bindings/c/clearhead.h"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT clearhead-c-targets NAMESPACE clearhead:: DESTINATION "${package_dir}")
  # The prefix from where the file lies, so that the whole may be moved.
  set(pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  file(RELATIVE_PATH prefix_of_pkgconfig "/prefix/${pkgconfig_dir}" "/prefix")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/clearhead_c.pc.in"
    "${PROJECT_BINARY_DIR}/clearhead_c.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/clearhead_c.pc" DESTINATION "${pkgconfig_dir}")
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/clearhead-config.cmake.in"
  "${PROJECT_BINARY_DIR}/clearhead-config.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/clearhead-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/clearhead-config.cmake"
  "${PROJECT_BINARY_DIR}/clearhead-config-version.cmake"
  DESTINATION "${package_dir}")
