#pragma once

/// What functions with state need beside <flink/datastream.h>: broadcast streams and their
/// functions. Handles, descriptors, time to live and CheckpointedFunction come with either.
#include "api/datastream/broadcast_stream.h"
#include "dataflow/operators/checkpointed_function.h"
