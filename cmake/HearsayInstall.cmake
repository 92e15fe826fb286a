# Installation: the public headers, the libraries of both doors, the program, find_package(hearsay) and a .pc file.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/hearsay DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(TARGETS hearsay_core hearsay_host EXPORT hearsayTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS hearsay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# The manual page and the completions come from the program's own table of commands.
if(NOT CMAKE_CROSSCOMPILING)
  set(hearsay_texts ${PROJECT_BINARY_DIR}/texts)
  file(MAKE_DIRECTORY ${hearsay_texts})
  add_custom_command(TARGET hearsay POST_BUILD
    COMMAND hearsay help --man > ${hearsay_texts}/hearsay.1
    COMMAND hearsay completion bash > ${hearsay_texts}/hearsay.bash
    COMMAND hearsay completion zsh > ${hearsay_texts}/_hearsay
    COMMAND hearsay completion fish > ${hearsay_texts}/hearsay.fish
    VERBATIM)
  install(FILES ${hearsay_texts}/hearsay.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${hearsay_texts}/hearsay.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME hearsay)
  install(FILES ${hearsay_texts}/_hearsay DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${hearsay_texts}/hearsay.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

set(hearsay_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/hearsay)
install(EXPORT hearsayTargets NAMESPACE hearsay:: DESTINATION ${hearsay_cmake_dir})
configure_package_config_file(cmake/hearsayConfig.cmake.in ${PROJECT_BINARY_DIR}/hearsayConfig.cmake
  INSTALL_DESTINATION ${hearsay_cmake_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/hearsayConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/hearsayConfig.cmake ${PROJECT_BINARY_DIR}/hearsayConfigVersion.cmake
  DESTINATION ${hearsay_cmake_dir})

# The .pc file finds its prefix from where it lies, so that an installed tree can be moved.
file(RELATIVE_PATH hearsay_pc_prefix /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/hearsay.pc.in hearsay.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/hearsay.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
