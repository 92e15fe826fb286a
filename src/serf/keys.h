// The keyring: who may change it, and what its members are told (Serf internal_query.go, memberlist keyring.go).
//
// A change comes from a key query of another member or from our own application. With CryptoConfig::save_keys it is
// first saved, then it takes effect, then it is answered: whoever hears "done" can rely on it after a crash as
// well. What cannot be saved does not happen. Changes wait for each other, in order and bounded.
//
// A key never travels in plaintext: key queries that came unencrypted are refused, and so are all of them while
// this node does not encrypt what it sends.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "hearsay/command.h"
#include "room/step.h"
#include "serf/answers.h"
#include "wire/envelope.h"
#include "wire/serf_query.h"

namespace hearsay::serf {

// Changes that may wait for the disk.
inline constexpr std::size_t kKeyChangesMax = 16;

// The name of Serf's query for each action, and back; nothing when it is no key query.
std::string_view key_query_name(KeyAction action);
std::optional<KeyAction> key_action_of(std::string_view query);

// What becomes of a keyring when it is asked for this: the new one, or why not (in Serf's words where it has some).
struct KeyPlan {
  wire::Keyring keyring;
  bool changed = false;
  std::string refusal;  // empty: granted
};
KeyPlan plan_key_change(const wire::Keyring& held, KeyAction action, ByteView key);

class Keys {
 public:
  Keys(wire::Envelope& envelope, Answers& answers) : envelope_(&envelope), answers_(&answers) {}

  void on_query(room::Step& step, const room::Origin& origin, const Asker& asker, KeyAction action,
                ByteView payload);
  void on_reply(room::Step& step, CallId call, const std::string& fault);

  // Our own application's change; its answer is waiting at take_own() at once, or after a reply. Of several, the
  // answer to the last one counts.
  void change_own(room::Step& step, KeyAction action, ByteView key);
  std::optional<wire::KeyResponse> take_own() { return std::exchange(own_, std::nullopt); }

  const wire::Keyring& keyring() const { return envelope_->keyring; }
  // Why keys could not travel now; empty when they can.
  const char* why_not() const;

  template <class Archive>
  void fields(Archive& archive) {
    auto keys = envelope_->keyring.keys();
    archive(keys, call_, waiting_);
  }

 private:
  struct Change {
    KeyAction action;
    Bytes key;
    std::optional<Asker> asker;  // none: our own application
    std::uint64_t ticket = 0;    // of our own application's
    template <class Archive>
    void fields(Archive& archive) {
      archive(action, key);
    }
  };
  void queue(room::Step& step, Change change);
  void advance(room::Step& step);
  void commit(room::Step& step, const Change& change, wire::Keyring keyring);
  void answer(room::Step& step, const Change& change, wire::KeyResponse response);
  wire::KeyResponse listed(const room::Step& step, const std::optional<Asker>& asker) const;

  wire::Envelope* envelope_;
  Answers* answers_;
  std::deque<Change> waiting_;
  CallId call_;            // the first of them is being saved
  wire::Keyring planned_;  // as it will be then
  std::uint64_t tickets_ = 0;
  std::optional<wire::KeyResponse> own_;
};

}  // namespace hearsay::serf
