// Tags that decode are the same after writing and reading.
#include "fuzz/fuzz.h"
#include "wire/serf.h"

using namespace hearsay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Tags tags = wire::decode_tags(fuzz::exact({data, size}));
  REQUIRE(wire::decode_tags(wire::encode_tags(tags)) == tags);
  return 0;
}
