// What hearsay nodes tell each other: what decodes is written and read again as the same bytes.
#include "fuzz/again.h"
#include "wire/extension.h"

using namespace hearsay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  if (const auto extension = wire::decode_extension(bytes)) {
    Bytes once;
    base::ByteWriter out(once);
    wire::encode(out, *extension);
    REQUIRE(fuzz::same(once, ByteView(bytes).first(wire::kExtensionBytes)));
  }
  fuzz::again(bytes, wire::decode_view_pull(bytes));
  fuzz::again(bytes, wire::decode_evidence_request(bytes));
  fuzz::again(bytes, wire::decode_evidence(bytes));
  return 0;
}
