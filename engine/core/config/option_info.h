#pragma once

#include "core/config/option_list.h"
#include "core/config/value_text.h"

namespace flink::config {

/// The type-less view of `option`, for the lists.
template <class T>
OptionInfo describe(const ConfigOption<T>& option) {
  return {option.key,
          option.defaultText,
          option.description,
          option.legacyKeys,
          option.accepts,
          ValueText<T>::kTypeName,
          [](std::string_view text, std::string_view accepts) -> Status {
            FLINK_ASSIGN_OR_RETURN(T value, ValueText<T>::parse(text));
            return checkAccepted(value, accepts);
          }};
}

}  // namespace flink::config
