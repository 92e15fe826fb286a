// A stream gives the same message or fault whatever the pieces it arrives in, and holds no more than arrived and
// what that inflates to. The first byte of the input chooses the envelope, the second one seeds the sizes of the
// pieces.
#include <algorithm>

#include "fuzz/fuzz.h"
#include "wire/envelope.h"

using namespace hearsay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = data[0];
  unsigned random = data[1];
  fuzz::GlassAead aead;
  fuzz::ZeroNonces nonces;
  wire::Envelope envelope;
  envelope.aead = &aead;
  envelope.nonces = &nonces;
  envelope.stream_bytes_max = 5000;
  envelope.inflated_bytes_max = 10000;
  if ((choice & 1) != 0) envelope.keyring.add(Bytes(16, 0));
  if ((choice & 2) != 0) envelope.verify_incoming = false;
  if ((choice & 4) != 0) envelope.label = "blue";
  if ((choice & 8) != 0) envelope.compression = false;
  const bool from_dialer = (choice & 16) == 0;
  const ByteView stream(data + 2, size - 2);

  wire::StreamOpener whole(from_dialer);
  const auto at_once = whole.feed(envelope, fuzz::exact(stream));

  wire::StreamOpener opener(from_dialer);
  wire::Decoded<Bytes> found = Bytes();
  for (ByteView rest = stream; !rest.empty() && found && found->empty();) {
    random = random * 1664525u + 1013904223u;
    const ByteView piece = rest.first(std::min<std::size_t>(1 + (random >> 16) % 64, rest.size()));
    rest = rest.subspan(piece.size());
    const auto fed = opener.feed(envelope, fuzz::exact(piece));
    REQUIRE(opener.buffered_bytes() <= size + 3 * 10000);
    found = fed ? wire::Decoded<Bytes>(to_bytes(*fed)) : tl::unexpected(fed.error());
  }
  if (size > 5000) return 0;  // the bound may be met sooner at once than in pieces
  if (!at_once) {
    REQUIRE(!found && found.error() == at_once.error());
    return 0;
  }
  REQUIRE(found && fuzz::same(*found, *at_once));
  if (found->empty()) return 0;

  const auto message = wire::decode_stream_message(*found, 1u << 20, 1u << 20);
  REQUIRE(!message || message->has_value());
  wire::SealScratch scratch;
  Bytes again;
  REQUIRE(wire::seal_stream(envelope, *found, from_dialer, scratch, again));
  if (again.size() > 5000) return 0;
  wire::StreamOpener reopener(from_dialer);
  const auto reopened = reopener.feed(envelope, again);
  const bool refused = !envelope.seals() && !envelope.keyring.empty() && envelope.verify_incoming;
  REQUIRE(refused || (reopened && fuzz::same(*reopened, *found)));
  return 0;
}
