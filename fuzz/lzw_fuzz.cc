// Anything is compressed and inflated to itself; anything is inflated in bounds, and what comes out survives too.
#include "fuzz/fuzz.h"
#include "wire/lzw.h"

using namespace hearsay;

static void there_and_back(ByteView plain) {
  Bytes packed;
  wire::compress_lzw(plain, packed);
  Bytes again;
  REQUIRE(wire::inflate_lzw(fuzz::exact(packed), plain.size(), again));
  REQUIRE(fuzz::same(again, plain));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  there_and_back(bytes);
  Bytes plain;
  const auto result = wire::inflate_lzw(bytes, 1u << 20, plain);
  REQUIRE(plain.size() <= 1u << 20);
  if (result) {
    there_and_back(plain);
  } else {
    REQUIRE(plain.empty());
  }
  return 0;
}
