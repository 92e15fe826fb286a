// What hearsay nodes tell each other: what decodes is written and read again as the same bytes.
#include "fuzz/fuzz.h"
#include "wire/extension.h"

using namespace hearsay;

namespace {

template <class Message>
void again(const Bytes& bytes, const wire::Decoded<Message>& message) {
  if (!message) return;
  Bytes once;
  base::ByteWriter out(once);
  wire::encode(out, *message);
  const ByteView body = ByteView(once).subspan(3);  // behind the types
  REQUIRE(body.size() <= bytes.size());
  REQUIRE(fuzz::same(body, ByteView(bytes).first(body.size())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = fuzz::exact({data, size});
  if (const auto extension = wire::decode_extension(bytes)) {
    Bytes once;
    base::ByteWriter out(once);
    wire::encode(out, *extension);
    REQUIRE(fuzz::same(once, ByteView(bytes).first(wire::kExtensionBytes)));
  }
  again(bytes, wire::decode_view_pull(bytes));
  again(bytes, wire::decode_evidence_request(bytes));
  again(bytes, wire::decode_evidence(bytes));
  return 0;
}
