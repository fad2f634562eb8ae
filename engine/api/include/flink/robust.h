#pragma once

/// processRobustly(): poison records are tried again, skipped or set aside, and do not stop the
/// job.
#include "api/datastream/robust_processing.h"
