// A datagram is opened in bounds, with and without keys and a label; what is found in it survives being sealed and
// opened again. The first byte of the input chooses the envelope.
#include "fuzz/fuzz.h"
#include "wire/describe.h"
#include "wire/envelope.h"

using namespace hearsay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > wire::kDatagramBytesMax) return 0;
  const unsigned choice = data[0];
  fuzz::GlassAead aead;
  fuzz::ZeroNonces nonces;
  wire::Envelope envelope;
  envelope.aead = &aead;
  envelope.nonces = &nonces;
  if ((choice & 1) != 0) envelope.keyring.add(Bytes(16, 0));
  if ((choice & 1) != 0) envelope.keyring.add(Bytes(32, 7));
  if ((choice & 2) != 0) envelope.verify_incoming = false;
  if ((choice & 4) != 0) envelope.label = "blue";

  static wire::OpenedDatagram opened;
  const Bytes datagram = fuzz::exact({data + 1, size - 1});
  const auto result = wire::open_datagram(envelope, datagram, opened);
  REQUIRE(result || opened.messages.empty());
  REQUIRE(opened.messages.size() <= wire::kCompoundPartsMax);
  REQUIRE(wire::describe_datagram(envelope, datagram, true).find('\n') == std::string::npos);
  if (opened.messages.empty()) return 0;
  std::size_t bytes = 0;
  for (const ByteView message : opened.messages) {
    if (message.size() > UINT16_MAX) return 0;
    // What looks like a checksum or a label stands where none is legal, and would be taken for one when it goes
    // bare.
    if (message[0] == 12 || message[0] == 244) return 0;
    bytes += message.size();
  }
  REQUIRE(bytes <= wire::kDatagramInflatedMax + wire::kDatagramBytesMax);

  wire::SealScratch scratch;
  Bytes again;
  REQUIRE(wire::seal_datagram(envelope, opened.messages, (choice & 8) != 0, (choice & 16) != 0, scratch, again));
  wire::OpenedDatagram reopened;
  REQUIRE(wire::open_datagram(envelope, again, reopened));
  REQUIRE(reopened.messages.size() == opened.messages.size() && reopened.faulty_parts == 0);
  for (std::size_t i = 0; i < opened.messages.size(); ++i) {
    REQUIRE(fuzz::same(reopened.messages[i], opened.messages[i]));
  }
  return 0;
}
