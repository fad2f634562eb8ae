#pragma once

/// The DataStream API: what programs need to describe and run dataflows. Windows are in
/// <flink/windowing.h>, state in <flink/state.h>, interval joins in <flink/joins.h>, asynchronous
/// calls in <flink/async.h>.
#include "api/datastream/connected_streams.h"
#include "api/datastream/data_stream.h"
#include "api/datastream/debugging.h"
#include "api/datastream/flink_exception.h"
#include "api/datastream/keyed_stream.h"
#include "api/datastream/object_pool.h"
#include "api/datastream/parameters.h"
#include "api/datastream/split_words.h"
#include "api/datastream/strategies.h"
#include "api/datastream/stream_execution_environment.h"
#include "api/program/job_registration.h"
#include "connectors/discarding_sink.h"
