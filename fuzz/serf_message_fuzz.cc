// A Serf message that decodes is written and read again as the same bytes.
#include "fuzz/fuzz.h"
#include "wire/serf.h"

using namespace hearsay;

static Bytes encoded(const wire::SerfMessage& message) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  std::visit([&](const auto& m) { wire::encode(out, m); }, message);
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  const auto message = wire::decode_serf(bytes);
  if (!message) return 0;
  const Bytes once = encoded(*message);
  const auto again = wire::decode_serf(once);
  REQUIRE(again && again->index() == message->index());
  REQUIRE(fuzz::same(encoded(*again), once));
  return 0;
}
