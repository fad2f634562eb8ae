#include "api/datastream/data_stream.h"

namespace flink::datastream {

template CodecPtr plainCodec<std::string>();
template CodecPtr plainCodec<std::int64_t>();

OperatorSpec operatorSpec(const char* name, const char* kind, operators::FactoryPtr factory,
                          std::initializer_list<const std::type_info*> types, OperatorRole role) {
  OperatorSpec spec;
  spec.name = name;
  spec.kind = kind;
  spec.types = types;
  spec.factory = std::move(factory);
  spec.role = role;
  return spec;
}

}  // namespace flink::datastream
