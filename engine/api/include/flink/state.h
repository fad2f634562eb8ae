#pragma once

/// What functions with state need beside <flink/datastream.h>: handles, descriptors, time to live,
/// CheckpointedFunction, broadcast streams and their functions.
#include "api/datastream/broadcast_stream.h"
#include "dataflow/operators/checkpointed_function.h"
#include "dataflow/operators/runtime_state.h"
