// What is inside Serf's internal queries: what decodes is written and read again as the same bytes.
#include "fuzz/fuzz.h"
#include "wire/serf_query.h"

using namespace hearsay;

template <class Message>
static Bytes encoded(const Message& message) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  wire::encode(out, message);
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  if (const auto request = wire::decode_key_request(bytes)) {
    const Bytes once = encoded(*request);
    REQUIRE(fuzz::same(encoded(*wire::decode_key_request(once)), once));
  }
  if (const auto response = wire::decode_key_response(bytes)) {
    const Bytes once = encoded(*response);
    REQUIRE(fuzz::same(encoded(*wire::decode_key_response(once)), once));
  }
  if (const auto known = wire::decode_conflict_response(bytes)) {
    const Bytes once = encoded(*known);
    REQUIRE(fuzz::same(encoded(*wire::decode_conflict_response(once)), once));
  }
  wire::filters_pass({bytes}, "n1", bytes);
  return 0;
}
