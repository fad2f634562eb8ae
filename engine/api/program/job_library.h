#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/program/job_registration.h"
#include "core/base/result.h"

namespace flink::program {

/// Loads a job library and returns its programs. A library stays loaded for good: its code may be
/// referred to from anywhere.
/// Errors: kFileNotFound, kAbiMismatch, kProgramInvalid (not a job library, or the loader's own
/// words).
/// Thread: any.
Result<std::vector<RegisteredJob>> loadJobLibrary(const std::string& path);

/// The names of the programs in a library's file, in the order in which they stand there, read
/// without running any of its code. Empty for a file that is no job library.
/// Errors: kFileNotFound.
Result<std::vector<std::string>> jobNamesInFile(const std::string& path);

/// The programs that are linked into this executable.
[[nodiscard]] std::vector<RegisteredJob> linkedJobs();

/// The program named `entry`, or the only one when `entry` is empty.
/// Errors: kProgramInvalid listing what there is.
Result<RegisteredJob> findJob(const std::vector<RegisteredJob>& jobs, std::string_view entry,
                              std::string_view library);

}  // namespace flink::program
