#pragma once

#include "core/base/ids.h"
#include "core/types/serializer_core.h"

namespace flink {

/// Ids are written as their bytes.
template <class Tag, std::size_t N>
struct TypeSerializer<Id<Tag, N>> : types::RawSerializer<Id<Tag, N>> {};

}  // namespace flink
