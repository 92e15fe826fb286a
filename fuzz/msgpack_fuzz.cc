// Values end at the same place whatever the pieces they arrive in; reading any type from anything stays in bounds.
#include "fuzz/fuzz.h"
#include "wire/msgpack.h"

using namespace hearsay;

template <class T>
static void read_as(ByteView bytes) {
  wire::MsgpackReader in(bytes);
  T value{};
  in.read(value);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  wire::MsgpackScan whole;
  whole.expect(3);
  const auto all = whole.advance(bytes);

  wire::MsgpackScan pieces;
  pieces.expect(3);
  for (std::size_t have = 0; have <= size; ++have) {
    const auto part = pieces.advance(ByteView(bytes).first(have));
    if (!part) {
      REQUIRE(!all && all.error() == part.error());
      break;
    }
    if (*part) {
      REQUIRE(all && *all && pieces.offset() == whole.offset());
      break;
    }
    REQUIRE(have < size || (all && !*all));
  }

  wire::MsgpackReader in(bytes);
  for (int i = 0; i < 3; ++i) in.skip();
  REQUIRE(in.ok() == (all && *all));
  if (in.ok()) REQUIRE(in.rest().size() == size - whole.offset());

  read_as<bool>(bytes);
  read_as<std::uint8_t>(bytes);
  read_as<std::uint64_t>(bytes);
  read_as<std::int64_t>(bytes);
  read_as<double>(bytes);
  read_as<ByteView>(bytes);
  wire::MsgpackReader record(bytes);
  std::string_view first;
  std::uint32_t second = 0;
  record.record(wire::field("Node", first), wire::field("SeqNo", second));
  return 0;
}
