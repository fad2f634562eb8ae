#include "api/program/job_registration.h"

// A job library as another release would have made it. Loading it would end the test.
__attribute__((constructor)) static void mustNotRun() {
  __builtin_trap();
}

static const flink::program::JobRegistration registration(FLINK_ABI_MARK
                                                          "0.0.1 abi=1002 string=0 pointer=4",
                                                          "old", nullptr);
