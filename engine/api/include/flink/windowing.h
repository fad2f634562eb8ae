#pragma once

/// Windows: KeyedStream::window(), countWindow(), DataStream::windowAll(), join() and coGroup(),
/// with their assigners, triggers and evictors.
#include "api/datastream/co_grouped_streams.h"
#include "api/datastream/windowed_stream.h"
