#include "connectors/collection/collection_source.h"

namespace flink::connectors {

template std::unique_ptr<operators::OperatorFactory> makeCollectionSourceFactory<std::string>(
    std::shared_ptr<const std::string>);
template std::unique_ptr<operators::OperatorFactory> makeCollectionSourceFactory<std::int64_t>(
    std::shared_ptr<const std::string>);

}  // namespace flink::connectors
