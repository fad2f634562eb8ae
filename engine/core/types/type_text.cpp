#include "core/types/type_text.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace flink::types::detail {

void appendTypeName(std::string& out, const std::type_info& type, bool whole) {
  int failed = 0;
  const std::unique_ptr<char, void (*)(void*)> words(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &failed), std::free);
  std::string_view name = words == nullptr ? type.name() : words.get();
  if (!whole) name = name.substr(0, name.find('<'));
  out.append(name);
}

}  // namespace flink::types::detail
