#include "core/types/text.h"

#include <sstream>

#include <fmt/format.h>

namespace flink::types::detail {

void appendStreamed(std::string& out, const void* value,
                    void (*write)(std::ostream&, const void*)) {
  std::ostringstream stream;
  write(stream, value);
  out += stream.view();
}

void appendNumber(std::string& out, double value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}
void appendNumber(std::string& out, float value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

}  // namespace flink::types::detail
