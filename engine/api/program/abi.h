#pragma once

#include <cstddef>  // libstdc++ tells its ABI

#if __has_include(<flink_abi_headers.h>)
#include <flink_abi_headers.h>
#else  // compiled without the include directory of a build or an installation: fits no engine
#define FLINK_ABI_HEADERS "unknown"
#endif

/// What a job library and the engine must agree on. The version is the project's (CMake checks it).
#define FLINK_VERSION "0.1.0"

#define FLINK_STRINGIZE_INNER(x) #x
#define FLINK_STRINGIZE(x) FLINK_STRINGIZE_INNER(x)
#ifdef _GLIBCXX_USE_CXX11_ABI
#define FLINK_STRING_ABI FLINK_STRINGIZE(_GLIBCXX_USE_CXX11_ABI)
#else
#define FLINK_STRING_ABI "none"
#endif

/// Compared as text: engine version, C++ ABI of the compiler, layout of std::string, pointer size,
/// fingerprint of the headers that jobs compile against.
#define FLINK_ABI_TAG                                                     \
  FLINK_VERSION                                                           \
  " abi=" FLINK_STRINGIZE(__GXX_ABI_VERSION) " string=" FLINK_STRING_ABI  \
                                             " pointer=" FLINK_STRINGIZE( \
                                                 __SIZEOF_POINTER__) " headers=" FLINK_ABI_HEADERS
/// Stands before the tag in a library's data, so that it can be read without running any of its
/// code.
#define FLINK_ABI_MARK \
  "\x7f"               \
  "flink-cpp job library: "
/// Stands before the name of each program in a library's data, for the same reason.
#define FLINK_JOB_MARK \
  "\x7f"               \
  "flink-cpp job: "
