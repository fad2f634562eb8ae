#pragma once

#include <string>

namespace flink::config {

/// engine/docs/config.md: every option by area, and the keys of Flink that have no effect with
/// their reasons.
[[nodiscard]] std::string configPage();
/// engine/docs/errors.md: every row of the error table by area.
[[nodiscard]] std::string errorsPage();

}  // namespace flink::config
