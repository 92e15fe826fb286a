// A message of a stream that decodes is written and read again as the same bytes, and the scan finds its end.
#include "fuzz/fuzz.h"
#include "wire/memberlist.h"

using namespace hearsay;

static constexpr std::uint32_t kNodesMax = 1000;
static constexpr std::uint32_t kBytesMax = 1u << 20;

static Bytes encoded(const wire::StreamMessage& message) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  if (const auto* user = std::get_if<wire::User>(&message)) {
    wire::encode_stream(out, *user);
  } else {
    std::visit([&](const auto& m) { wire::encode(out, m); }, message);
  }
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  const auto message = wire::decode_stream_message(bytes, kNodesMax, kBytesMax);
  const auto end = wire::StreamScan().advance(bytes, kBytesMax);
  wire::StreamScan pieces;
  auto piecewise = pieces.advance({}, kBytesMax);
  for (std::size_t have = 1; have <= size && piecewise && *piecewise == 0; ++have) {
    piecewise = pieces.advance(ByteView(bytes).first(have), kBytesMax);
  }
  REQUIRE(piecewise == end);
  if (!message || !*message) return 0;

  // What the scan refuses although it decodes: entries too short to be of use.
  if (end) {
    REQUIRE(*end > 0 && *end <= size);
    REQUIRE(wire::decode_stream_message(ByteView(bytes).first(*end), kNodesMax, kBytesMax)->has_value());
  }
  const Bytes once = encoded(**message);
  const auto again = wire::decode_stream_message(once, kNodesMax, kBytesMax);
  REQUIRE(again && *again && (*again)->index() == (*message)->index());
  REQUIRE(fuzz::same(encoded(**again), once));
  REQUIRE(wire::StreamScan().advance(once, kBytesMax) == once.size());
  return 0;
}
