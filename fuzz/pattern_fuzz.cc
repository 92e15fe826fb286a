// Expressions of tag filters: whatever compiles is matched without a fault, and in bounded time.
#include "base/pattern.h"
#include "fuzz/fuzz.h"

using namespace hearsay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  const std::string_view text = as_text(bytes);
  const std::size_t expression_bytes = std::min(text.find('\n'), text.size());
  const auto pattern = base::Pattern::compile(text.substr(0, expression_bytes));
  if (pattern) pattern->found_in(text.substr(expression_bytes).substr(0, 512));
  return 0;
}
