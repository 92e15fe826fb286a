#include "serf/keys.h"

#include "base/base64.h"

namespace hearsay::serf {

using room::Origin;
using room::Step;
using wire::KeyResponse;
using wire::Keyring;

namespace {

constexpr std::pair<KeyAction, std::string_view> kQueries[] = {{KeyAction::list, "_serf_list-keys"},
                                                               {KeyAction::install, "_serf_install-key"},
                                                               {KeyAction::use, "_serf_use-key"},
                                                               {KeyAction::remove, "_serf_remove-key"}};

KeyResponse refused(std::string why) { return {false, std::move(why), {}, {}}; }

Bytes encoded(const KeyResponse& response) {
  Bytes payload;
  base::ByteWriter writer(payload);
  wire::encode(writer, response);
  return payload;
}

}  // namespace

std::string_view key_query_name(KeyAction action) {
  for (const auto& [known, name] : kQueries) {
    if (known == action) return name;
  }
  return {};
}

std::optional<KeyAction> key_action_of(std::string_view query) {
  for (const auto& [action, name] : kQueries) {
    if (name == query) return action;
  }
  return std::nullopt;
}

KeyPlan plan_key_change(const Keyring& held, KeyAction action, ByteView key) {
  if (held.empty()) return {held, false, "No keyring to modify (encryption not enabled)"};
  KeyPlan plan{held, false, {}};
  Keyring::Change change = Keyring::Change::no_change;
  if (action == KeyAction::install) change = plan.keyring.add(key);
  if (action == KeyAction::use) change = plan.keyring.use(key);
  if (action == KeyAction::remove) change = plan.keyring.remove(key);
  switch (change) {
    case Keyring::Change::done:
      plan.changed = true;
      break;
    case Keyring::Change::no_change:
      break;
    case Keyring::Change::bad_key:
      plan.refusal = "key size must be 16, 24 or 32 bytes";
      break;
    case Keyring::Change::absent:
      plan.refusal = "Requested key is not in the keyring";
      break;
    case Keyring::Change::is_primary:
      plan.refusal = "Removing the primary key is not allowed";
      break;
    case Keyring::Change::full:
      plan.refusal =
          "the keyring is full: it holds " + std::to_string(Keyring::kKeysMax) + " keys, remove old ones";
      break;
  }
  return plan;
}

const char* Keys::why_not() const {
  if (envelope_->keyring.empty()) return "encryption is not enabled";
  if (!envelope_->verify_outgoing) return "this node sends in plaintext (crypto.verify_outgoing is off)";
  return "";
}

void Keys::on_query(Step& step, const Origin& origin, const Asker& asker, KeyAction action, ByteView payload) {
  const auto request = wire::decode_key_request(payload);
  Change change{action, request ? to_bytes(request->key) : Bytes(), asker};
  if (!request) {
    step.counters.add(wire::counter_of(request.error()));
    return answer(step, change, refused("the key query cannot be read"));
  }
  if (!envelope_->keyring.empty() && !envelope_->verify_outgoing) return answer(step, change, refused(why_not()));
  if (!envelope_->keyring.empty() && !origin.sealed) {
    return answer(step, change, refused("the key query came unencrypted"));
  }
  if (action == KeyAction::list) return answer(step, change, listed(step, change.asker));
  queue(step, std::move(change));
}

void Keys::change_own(Step& step, KeyAction action, ByteView key) {
  own_.reset();
  Change change{action, to_bytes(key), {}, ++tickets_};
  if (action == KeyAction::list) return answer(step, change, listed(step, {}));
  queue(step, std::move(change));
}

void Keys::queue(Step& step, Change change) {
  if (waiting_.size() == kKeyChangesMax) {
    step.counters.add(Count::dropped_key_changes);
    return answer(step, change, refused("too many key changes wait to be saved: try again later"));
  }
  waiting_.push_back(std::move(change));
  advance(step);
}

void Keys::advance(Step& step) {
  while (!waiting_.empty() && call_ == CallId{}) {
    const Change& change = waiting_.front();
    KeyPlan plan = plan_key_change(envelope_->keyring, change.action, change.key);
    if (plan.changed && step.config.crypto.save_keys) {
      planned_ = std::move(plan.keyring);
      call_ = step.out.save_keys(planned_.keys());
      return;
    }
    const Change done = std::move(waiting_.front());
    waiting_.pop_front();
    if (plan.changed) {
      commit(step, done, std::move(plan.keyring));
    } else {
      answer(step, done, {plan.refusal.empty(), plan.refusal, {}, {}});
    }
  }
}

void Keys::on_reply(Step& step, CallId call, const std::string& fault) {
  if (call_ == CallId{} || call != call_) return;
  call_ = {};
  const Change change = std::move(waiting_.front());
  waiting_.pop_front();
  if (fault.empty()) {
    commit(step, change, std::move(planned_));
  } else {
    answer(step, change, refused("the keyring cannot be saved: " + fault));
  }
  advance(step);
}

void Keys::commit(Step& step, const Change& change, Keyring keyring) {
  envelope_->keyring = std::move(keyring);
  step.counters.add(Count::key_changes);
  step.out.notify({step.now, KeysChanged{change.action, change.asker ? change.asker->name : step.config.name,
                                         static_cast<std::uint32_t>(envelope_->keyring.keys().size())}});
  answer(step, change, {true, {}, {}, {}});
}

void Keys::answer(Step& step, const Change& change, KeyResponse response) {
  if (!change.asker) {
    if (change.ticket == tickets_) own_ = std::move(response);
    return;
  }
  if (step.now.steady > change.asker->deadline) return;  // the disk was too slow; nobody listens any more
  answers_->send(step, *change.asker, 0, encoded(response));
}

KeyResponse Keys::listed(const Step& step, const std::optional<Asker>& asker) const {
  const auto& held = envelope_->keyring.keys();
  if (held.empty()) return refused("Keyring is empty (encryption not enabled)");
  KeyResponse response{true, {}, {}, base::to_base64(held.front())};
  for (const Bytes& key : held) response.keys.push_back(base::to_base64(key));
  while (asker && !response.keys.empty() && !Answers::fits(step, *asker, encoded(response))) {
    response.keys.pop_back();
    response.message = "truncated key list response, showing first " + std::to_string(response.keys.size()) +
                       " of " + std::to_string(held.size()) + " keys";
  }
  return response;
}

}  // namespace hearsay::serf
