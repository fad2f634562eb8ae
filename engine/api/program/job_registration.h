#pragma once

#include <string>

#include "api/program/abi.h"
#include "core/base/result.h"

namespace flink {
class StreamExecutionEnvironment;
class Parameters;
}  // namespace flink

namespace flink::program {

/// A program: builds dataflows in the environment. Without a call of execute() its job runs under
/// the FLINK_JOB's name.
using JobFunction = void (*)(StreamExecutionEnvironment&, const Parameters&);

struct RegisteredJob {
  std::string name;
  JobFunction run = nullptr;
};

/// Makes a program known while its library is being loaded. Only plain types cross, so that a
/// library of another release fails by its tag.
class JobRegistration {
 public:
  JobRegistration(const char* tag, const char* name, JobFunction run);
};

}  // namespace flink::program

/// Names a program: FLINK_JOB("WordCount", [](flink::StreamExecutionEnvironment& env, const
/// flink::Parameters& args) { .. })
#define FLINK_JOB(name, ...)                                                                   \
  static const ::flink::program::JobRegistration FLINK_CONCAT(flinkJobRegistration, __LINE__)( \
      FLINK_ABI_MARK FLINK_ABI_TAG "\0" FLINK_JOB_MARK name, name, __VA_ARGS__)
