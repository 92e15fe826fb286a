// What a node sent, by the type of message: where its traffic comes from.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hearsay {

// X(name, help). One list: from it come the enumerators and the names in JSON and reports.
#define HEARSAY_MESSAGE_KINDS(X)                                           \
  X(ping, "are you there? (over UDP and TCP)")                             \
  X(indirect_ping, "please ping that one for me")                          \
  X(ack, "yes")                                                            \
  X(nack, "the one that you asked me to ping did not answer")              \
  X(suspect, "an accusation")                                              \
  X(alive, "a join, an update, a refutation")                              \
  X(dead, "a verdict, or that somebody left")                              \
  X(user, "Serf's messages: intents, user events, queries")                \
  X(extension, "between hearsay nodes: news that gossip missed, evidence") \
  X(heartbeat, "heartbeat family: counters, facts, contact")               \
  X(digest, "heartbeat family: SYN and ACK")                               \
  X(push_pull, "whole tables, over TCP")                                   \
  X(error, "why a request was not served")                                 \
  X(compound, "packets that hold several messages; the bytes are those of their framing")

enum class MessageKind : std::uint8_t {
#define HEARSAY_MESSAGE_KIND_NAME(name, help) name,
  HEARSAY_MESSAGE_KINDS(HEARSAY_MESSAGE_KIND_NAME)
#undef HEARSAY_MESSAGE_KIND_NAME
};

#define HEARSAY_MESSAGE_KIND_ONE(name, help) +1
inline constexpr std::size_t kMessageKinds = 0 HEARSAY_MESSAGE_KINDS(HEARSAY_MESSAGE_KIND_ONE);
#undef HEARSAY_MESSAGE_KIND_ONE

const char* name_of(MessageKind kind);
const char* help_of(MessageKind kind);

// Each message as often as it was sent, and its bytes before compression and encryption; together with the framing
// of compounds these are all bytes but labels, checksums and what encryption adds. A stream's message counts when
// the stream is asked for.
struct Sent {
  struct Tally {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  std::array<Tally, kMessageKinds> kinds{};

  void add(MessageKind kind, std::size_t bytes) {
    Tally& tally = kinds[static_cast<std::size_t>(kind)];
    ++tally.messages;
    tally.bytes += bytes;
  }
  const Tally& operator[](MessageKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
};

}  // namespace hearsay
