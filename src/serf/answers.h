// Answers to queries: straight to the member that asked, by datagram, and through as many other members as the
// query wishes (Serf's relay factor); and the answers of others that we are asked to hand on.
//
// Nobody can make us send to strangers: who asks must be a member at the address that it names, and an answer is
// handed on to a member at its own address only. One datagram in makes at most one out, and there are not more than
// kRelayedPerSecond (Serf query.go respond, relayResponse; delegate.go messageRelayType).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "room/step.h"
#include "wire/serf.h"

namespace hearsay::serf {

// Serf's QueryResponseSizeLimit: of a whole response, and of a relayed one with its head.
inline constexpr std::size_t kAnswerBytesMax = 1024;
inline constexpr std::uint32_t kRelayedPerSecond = 256;
inline constexpr std::uint32_t kIsAck = 1;  // of a response's flags
inline constexpr std::string_view kConflictQuery = "_serf_conflict";

// Who is waiting for an answer, to what, and until when.
struct Asker {
  room::Peer peer;
  std::string name;
  LamportTime time;
  std::uint32_t id = 0;
  std::uint8_t relays = 0;
  Time deadline;
};

class Answers {
 public:
  explicit Answers(base::Rng rng) : rng_(rng) {}

  // Whoever sent this query; nothing, and counted, when that is no other member at the address that it names. Of
  // two nodes with one name the other one asks, too: it is a stranger, told only when it asks us itself about its
  // name.
  std::optional<Asker> asker_of(room::Step& step, const room::Origin& origin, const wire::Query& query) const;
  void send(room::Step& step, const Asker& asker, std::uint32_t flags, ByteView payload);
  // Whether an answer with this payload is small enough for Serf.
  static bool fits(const room::Step& step, const Asker& asker, ByteView payload);

  // Hands it on. When it is for ourselves, the message inside is returned.
  std::optional<ByteView> on_message(room::Step& step, const room::Origin& origin,
                                     const wire::RelayedMessage& relayed);

  template <class Archive>
  void fields(Archive& archive) {
    archive(rng_, second_, relayed_);
  }

 private:
  base::Rng rng_;
  Time second_{};              // when the present second of the budget began
  std::uint32_t relayed_ = 0;  // in it
  std::vector<MemberId> picked_;
};

}  // namespace hearsay::serf
