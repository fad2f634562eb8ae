#pragma once

#include <string>

namespace flink::metrics {

/// The sum of two accumulator values, which are numbers as text: integers exactly while they fit
/// into 64 bits, else as floating point numbers. Of texts that are no numbers the later one stays.
[[nodiscard]] std::string addAccumulated(const std::string& sum, const std::string& value);

}  // namespace flink::metrics
