// A message of a datagram that decodes is written and read again as the same bytes.
#include "fuzz/fuzz.h"
#include "wire/describe.h"
#include "wire/memberlist.h"

using namespace hearsay;

static Bytes encoded(const wire::DatagramMessage& message) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  std::visit([&](const auto& m) { wire::encode(out, m); }, message);
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  REQUIRE(wire::describe_message(bytes).find('\n') == std::string::npos);
  const auto message = wire::decode_datagram_message(bytes);
  if (!message) return 0;
  const Bytes once = encoded(*message);
  const auto again = wire::decode_datagram_message(once);
  REQUIRE(again && again->index() == message->index());
  REQUIRE(fuzz::same(encoded(*again), once));
  return 0;
}
