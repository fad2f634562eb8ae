#pragma once

/// AsyncDataStream: calls to the outside that a stream does not wait for one by one.
#include "api/datastream/async_data_stream.h"
