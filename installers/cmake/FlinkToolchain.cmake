# Compiler, linker and cache settings; no module sets global flags of its own.
find_program(FLINK_CCACHE ccache)
if(FLINK_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${FLINK_CCACHE})
endif()
find_program(FLINK_MOLD mold)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_CXX_FLAGS_SANITIZE "-O0 -g1 -fno-omit-frame-pointer")

# Everything that is ours: warnings are errors. Generated code links flink_base_flags only.
add_library(flink_base_flags INTERFACE)
target_compile_options(flink_base_flags INTERFACE -fno-semantic-interposition)
if(FLINK_MOLD)
  # Debian 12's mold lets the read-only segment begin in a page that nothing maps when a tiny section of thread-local
  # data ends right before it; such a binary does not start. So there is no such segment. It also looks for ever for a layout
  # of segments that share pages when one more program header moves the first of them over a page's end: each has its own.
  target_link_options(flink_base_flags INTERFACE -fuse-ld=mold -Wl,-z,norelro -Wl,-z,separate-loadable-segments)
endif()
if(FLINK_SANITIZE)
  target_compile_options(flink_base_flags INTERFACE -fsanitize=${FLINK_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(flink_base_flags INTERFACE -fsanitize=${FLINK_SANITIZE})
  if(FLINK_SANITIZE STREQUAL "thread")
    # Asio's fences are not instrumented; the locks around them are.
    target_compile_options(flink_base_flags INTERFACE -Wno-tsan)
  endif()
endif()
add_library(flink_flags INTERFACE)
target_compile_options(flink_flags INTERFACE -Wall -Wextra -Wpedantic -Werror)
target_link_libraries(flink_flags INTERFACE flink_base_flags)
