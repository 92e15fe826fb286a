// What surrounds messages: label, encryption, checksum, compression, compound.
//
// A datagram, outside in:  [label] [version nonce sealed( ] [crc( ] [compressed( ] [compound( ] message...
// A stream, outside in:    [label] [10 length version nonce sealed( ] [compressed( ] message
// (memberlist net.go, security.go, label.go, util.go; layouts in docs/protocol/memberlist.md)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_io.h"
#include "hearsay/aead.h"
#include "hearsay/bytes.h"
#include "wire/compression_memo.h"
#include "wire/fault.h"
#include "wire/memberlist.h"

namespace hearsay::wire {

using base::ByteWriter;

inline constexpr std::size_t kDatagramBytesMax = 65535;
inline constexpr std::size_t kCompoundPartsMax = 255;
inline constexpr unsigned kNestingMax = 4;
// All compressed parts of one datagram together. A peer compresses what it had fitted into a datagram before; only
// a user message sent apart can be longer.
inline constexpr std::size_t kDatagramInflatedMax = 1u << 20;
// What encryption version 1 adds to a datagram: version, nonce, tag.
inline constexpr std::size_t kSealBytes = 1 + kNonceBytes + kTagBytes;

// An ordered list of keys: the first one encrypts, all decrypt (memberlist keyring.go).
class Keyring {
 public:
  static constexpr std::size_t kKeysMax = 16;
  static bool valid_key(ByteView key) { return key.size() == 16 || key.size() == 24 || key.size() == 32; }

  enum class Change : std::uint8_t { done, no_change, bad_key, absent, is_primary, full };
  Change add(ByteView key);     // appends; the first becomes primary
  Change use(ByteView key);     // moves to the front; absent when it is not there
  Change remove(ByteView key);  // is_primary when it is the first
  bool empty() const { return keys_.empty(); }
  ByteView primary() const { return keys_.front(); }  // REQUIRES: !empty()
  const std::vector<Bytes>& keys() const { return keys_; }

 private:
  std::vector<Bytes> keys_;
};

// How this node seals and opens; lives as long as the node.
struct Envelope {
  std::string label;  // "" for none
  Keyring keyring;
  Aead* aead = nullptr;           // required when the keyring is not empty
  NonceSource* nonces = nullptr;  // likewise
  bool verify_incoming = true;
  bool verify_outgoing = true;
  bool compression = true;
  std::uint32_t inflated_bytes_max = 40u << 20;
  std::uint32_t stream_bytes_max = 20u << 20;

  bool seals() const { return !keyring.empty() && verify_outgoing; }
  // What is left of a datagram budget of `packet_bytes` for a compound: without label and encryption.
  std::size_t datagram_room(std::size_t packet_bytes) const;
};

// ---- datagrams ----

// The messages found in one datagram, wrappers removed. Reused from call to call: in steady state nothing is
// allocated.
struct OpenedDatagram {
  std::vector<ByteView> messages;  // into the datagram or into `plain` / `inflated`
  bool sealed = false;             // it was encrypted and authentic
  // Parts that could not be unwrapped while others could (a truncated compound).
  std::uint32_t faulty_parts = 0;

  // What open_datagram works with.
  Bytes plain;
  std::vector<Bytes> inflated;
  std::size_t inflated_used = 0;
};
// Removes label, encryption, checksum, compression and compounds. At most kCompoundPartsMax messages are kept, the
// rest counts as faulty. With keys and !verify_incoming, what no key opens is taken for plaintext.
// Errors leave `out.messages` empty.
Decoded<void> open_datagram(const Envelope& envelope, ByteView datagram, OpenedDatagram& out);

// Wraps messages into one datagram: compound when there is more than one, compressed if `compress` and smaller,
// checksum when `with_crc` (the receiver's pmax >= 5), sealed and labelled as the envelope says.
// REQUIRES: 1 .. kCompoundPartsMax messages, each at most 65535 bytes.
// False: sealing failed; `out` is as before, else the datagram was appended to `out`.
struct SealScratch {
  Bytes compound;
  Bytes packed;
};
bool seal_datagram(const Envelope& envelope, std::span<const ByteView> messages, bool compress, bool with_crc,
                   SealScratch& scratch, Bytes& out);

// ---- streams ----

// The bytes of one stream, in the direction towards us. `from_dialer`: they may (must) begin with the label
// header. Feeds on whatever arrives, in time linear in the bytes whatever the pieces; hands the inner message over
// once it is whole. Holds at most the bytes that arrived (bounded by stream_bytes_max) and what they inflate to
// (bounded by inflated_bytes_max), never what a length field asks for.
class StreamOpener {
 public:
  explicit StreamOpener(bool from_dialer) : from_dialer_(from_dialer) {}

  // Takes what arrived. The result is empty while more is needed, and once the inner message, type byte first
  // (decode it with decode_stream_message); it is valid until the next call. A stream carries one message in each
  // direction: what follows it is dropped. Errors are final. With a memo, the result may point into that.
  Decoded<ByteView> feed(const Envelope& envelope, ByteView arrived, const CompressionMemo* memo = nullptr);
  bool sealed() const { return sealed_; }
  // The message is the one that the memo holds.
  bool remembered() const { return remembered_; }
  std::size_t buffered_bytes() const { return raw_.size() + plain_.size() + inflated_.size(); }

 private:
  Decoded<ByteView> advance(const Envelope& envelope, const CompressionMemo* memo);
  Decoded<ByteView> whole_message(const Envelope& envelope, ByteView message, std::size_t bytes_max,
                                  const CompressionMemo* memo);

  bool from_dialer_;
  bool label_seen_ = false;
  bool sealed_ = false;
  bool done_ = false;
  bool remembered_ = false;
  std::optional<Fault> fault_;
  std::size_t label_bytes_ = 0;
  StreamScan scan_;
  Bytes raw_;
  Bytes plain_;
  Bytes inflated_;
};

// Wraps one inner message for a stream and appends it to `out`: compressed if the envelope says so (as
// memberlist does, even when larger), sealed likewise. `to_acceptor`: we dialled, so the label header goes first.
// False: sealing failed.
bool seal_stream(const Envelope& envelope, ByteView message, bool to_acceptor, SealScratch& scratch, Bytes& out,
                 CompressionMemo* memo = nullptr);

}  // namespace hearsay::wire
