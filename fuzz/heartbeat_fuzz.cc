// Messages of the heartbeat family: what decodes is written, read again and written as the same bytes.
#include "fuzz/fuzz.h"
#include "wire/heartbeat.h"

using namespace hearsay;

namespace {
Bytes body_of(const wire::Heartbeat& message) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  wire::encode(out, message);
  return Bytes(bytes.begin() + 3, bytes.end());  // behind the types
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  wire::Heartbeat message;
  if (!wire::decode_heartbeat(bytes, message)) return 0;
  const Bytes once = body_of(message);
  wire::Heartbeat again;
  REQUIRE(wire::decode_heartbeat(once, again));
  REQUIRE(again.entries.size() == message.entries.size() && again.wants.size() == message.wants.size());
  REQUIRE(fuzz::same(once, body_of(again)));
  return 0;
}
