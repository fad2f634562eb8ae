#pragma once

/// KeyedStream::intervalJoin(): pairs by their distance in event time.
#include "api/datastream/interval_join.h"
