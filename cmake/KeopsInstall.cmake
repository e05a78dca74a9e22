# `cmake --install`: tools, the two libraries, the public headers, the licence and the package that
# find_package(Keops) reads. All paths inside are relative, so an installed tree may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(libraries "")
foreach(pair keops:Runtime keops-compiler:Compiler)
  string(REPLACE ":" ";" pair "${pair}")
  list(GET pair 0 target)
  list(GET pair 1 name)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES
      EXPORT_NAME ${name}
      INSTALL_RPATH "$ORIGIN"
      INSTALL_RPATH_USE_LINK_PATH ON)
    list(APPEND libraries ${target})
  endif()
endforeach()

set(tools "")
foreach(tool keops-opt keops-translate keopsc keops-lsp-server)
  if(TARGET ${tool})
    set_target_properties(${tool} PROPERTIES
      INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}"
      INSTALL_RPATH_USE_LINK_PATH ON)
    list(APPEND tools ${tool})
  endif()
endforeach()

if(libraries)
  install(TARGETS ${libraries} EXPORT KeopsTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT KeopsTargets NAMESPACE Keops::
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/Keops")
endif()
if(tools)
  install(TARGETS ${tools} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/keops-c" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/include/keops/keops.hpp" OPTIONAL
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/keops")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/keops")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/KeopsConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/cmake/KeopsConfig.cmake"
  INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/Keops")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cmake/KeopsConfigVersion.cmake"
  COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/cmake/KeopsConfig.cmake" "${PROJECT_BINARY_DIR}/cmake/KeopsConfigVersion.cmake"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/Keops")
