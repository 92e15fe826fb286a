#include "serf/key_rounds.h"

#include <algorithm>

#include "base/base64.h"

namespace hearsay::serf {

using room::Origin;
using room::Step;
using Said = KeyAnswer::Result;

namespace {

constexpr unsigned kAttempts = 3;  // the first by gossip
constexpr std::size_t kNamed = 5;  // members named in an error
constexpr Duration kOwnDisk = std::chrono::seconds(30);

// "n3, n4 and 7 more"
std::string listed(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kNamed; ++i) out += (i == 0 ? "" : ", ") + std::string(names[i]);
  if (names.size() > kNamed) out += " and " + std::to_string(names.size() - kNamed) + " more";
  return out;
}

template <class Suits>
std::vector<std::string_view> names_of(const KeyAnswers& answers, Suits suits) {
  std::vector<std::string_view> names;
  for (const auto& [name, answer] : answers) {
    if (suits(answer)) names.push_back(name);
  }
  return names;
}

KeyAnswer read_answer(std::string_view member, ByteView payload) {
  KeyAnswer answer{{}, std::string(member), Said::failed, {}, {}};
  auto response = wire::decode_key_response(payload);
  if (!response) {
    answer.message = std::string("its answer cannot be read: ") + wire::name_of(response.error());
    return answer;
  }
  if (response->result) answer.result = Said::done;
  answer.message = std::move(response->message);
  answer.keys = std::move(response->keys);
  // Of the primary one Serf agents tell apart; the list has it first where they do not.
  const auto primary = std::ranges::find(answer.keys, response->primary);
  if (primary != answer.keys.end()) std::rotate(answer.keys.begin(), primary, primary + 1);
  return answer;
}

}  // namespace

std::optional<Error> unsafe_key_change(KeyAction action, ByteView key, const KeyAnswers& answers) {
  const std::string text = base::to_base64(key);
  const auto unknown = names_of(answers, [](const auto& a) { return a.result != Said::done || a.keys.empty(); });
  if (!unknown.empty()) {
    return Error{Errc::wrong_state, "which keys it holds is not known of: " + listed(unknown),
                 "`hearsay keys list` tells why; wait until they answer or have failed, or use --force"};
  }
  if (action == KeyAction::use) {
    const auto without =
        names_of(answers, [&](const auto& a) { return std::ranges::find(a.keys, text) == a.keys.end(); });
    if (without.empty()) return std::nullopt;
    return Error{Errc::wrong_state,
                 "the key is not held by all, and these could not read the others: " + listed(without),
                 "install it first (`hearsay keys install`), or use --force"};
  }
  const auto users = names_of(answers, [&](const auto& a) { return a.keys.front() == text; });
  if (users.empty()) return std::nullopt;
  return Error{Errc::wrong_state, "the key still encrypts what these send: " + listed(users),
               "let all use another key first (`hearsay keys use`), or use --force"};
}

std::optional<Error> KeyRounds::fault_of(const Step& step, const ManageKeys& command) const {
  if (phase_ != Phase::none) {
    return Error{Errc::wrong_state,
                 std::string("another key command is running (") + name_of(command_.action) + ")",
                 "wait for its end"};
  }
  if (const std::string why = keys_->why_not(); !why.empty()) {
    return Error{Errc::wrong_state, why,
                 keys_->keyring().empty() ? "start the agents with keys: `hearsay keygen` and keyring_file"
                                          : "switch crypto.verify_outgoing on, everywhere"};
  }
  if (!members::is_up(step.members.self_row().verdict)) {
    return Error{Errc::wrong_state, "this node has left its cluster", "join again first"};
  }
  if (command.action == KeyAction::list ? !command.key.empty() : !wire::Keyring::valid_key(command.key)) {
    return Error{Errc::invalid_argument,
                 command.action == KeyAction::list
                     ? "a key was given to list"
                     : "the key is " + std::to_string(command.key.size()) + " bytes long, not 16, 24 or 32",
                 "`hearsay keygen` makes one"};
  }
  return std::nullopt;
}

void KeyRounds::on_command(Step& step, const ManageKeys& command) {
  if (auto fault = fault_of(step, command)) {
    step.out.notify({step.now, CommandDone{command.id, 0, std::move(fault)}});
    return;
  }
  // What our own keyring refuses, nobody else is asked for.
  if (command.action != KeyAction::list) {
    if (auto plan = plan_key_change(keys_->keyring(), command.action, command.key); !plan.refusal.empty()) {
      step.out.notify({step.now, CommandDone{command.id, 0,
                                             Error{Errc::wrong_state, std::move(plan.refusal),
                                                   "`hearsay keys list` shows who holds what"}}});
      return;
    }
  }
  command_ = command;
  const bool look_first = command.action == KeyAction::use || command.action == KeyAction::remove;
  if (look_first && !command.force) {
    begin(step, Phase::checking, KeyAction::list);
  } else {
    begin(step, Phase::asking, command.action);
  }
}

// All that are up are asked; of them each answers once.
void KeyRounds::begin(Step& step, Phase phase, KeyAction action) {
  phase_ = phase;
  asked_ = action;
  sent_.clear();
  attempt_ = 0;
  told_ = false;
  silent_ = 0;
  answers_.clear();
  for (const MemberId id : step.members.order()) {
    if (!members::is_up(step.members.row(id).verdict)) continue;
    const std::string name(step.members.name(id));
    answers_.emplace(name, KeyAnswer{command_.id, name, Said::silent, "no answer came", {}});
    if (!step.members.is_self(id)) ++silent_;
  }
  if (action == KeyAction::install || action == KeyAction::list) return ask_self(step);
  told_ = true;
  if (silent_ == 0) return ask_self(step);
  tell(step);
}

void KeyRounds::ask_self(Step& step) {
  if (phase_ == Phase::asking) phase_ = Phase::asking_self;
  deadline_ = step.after(kOwnDisk);
  keys_->change_own(step, asked_, command_.key);
  on_own_keys(step);
}

void KeyRounds::on_own_keys(Step& step) {
  auto response = keys_->take_own();
  if (!response || phase_ == Phase::none) return;
  KeyAnswer& own = answers_.find(step.config.name)->second;
  own.result = response->result ? Said::done : Said::failed;
  own.message = std::move(response->message);
  own.keys = std::move(response->keys);
  if (phase_ == Phase::asking_self) phase_ = Phase::asking;
  if (told_ || silent_ == 0) return on_all_answers(step);
  if (own.result == Said::failed) {
    for (auto& [name, answer] : answers_) {
      if (answer.result == Said::silent) answer.message = "not asked, because it failed here";
    }
    return on_all_answers(step);
  }
  told_ = true;
  tell(step);
}

// Attempt 0 is gossiped, as Serf does it; later ones go straight to those that stayed silent.
void KeyRounds::tell(Step& step) {
  Bytes payload;
  base::ByteWriter inside(payload);
  wire::encode(inside, wire::KeyRequest{asked_ == KeyAction::list ? ByteView() : ByteView(command_.key)});
  wire::Query query;
  query.id = static_cast<std::uint32_t>(rng_.bounded(std::uint64_t{1} << 31));
  query.flags = attempt_ == 0 ? 0 : wire::kDoNotTellOn;
  query.name = key_query_name(asked_);
  query.payload = payload;
  const Bytes message = queries_->begin(step, query);
  sent_.push_back({query.time, query.id});
  deadline_ = step.after(Duration(query.timeout_ns));
  if (attempt_++ == 0) return PassThrough::gossip(step, message);
  std::size_t asked = 0;
  for (const auto& [name, answer] : answers_) {
    const MemberId id = step.members.find(name);
    if (answer.result != Said::silent || !id.valid() || step.members.is_self(id)) continue;
    if (asked++ == kAskedDirectlyMax) break;
    step.out.send_bare(room::peer_of(step.members, id), wire::User{message});
  }
}

void KeyRounds::on_message(Step& step, const Origin& origin, const wire::QueryResponse& response) {
  const auto ours = [&](const Sent& sent) { return sent.time == response.time && sent.id == response.id; };
  const auto found = answers_.find(response.from);
  if (phase_ == Phase::none || std::ranges::none_of(sent_, ours) || found == answers_.end() || !origin.sealed ||
      response.from == step.config.name || (response.flags & kIsAck) != 0) {
    step.counters.add(Count::dropped_unexpected);
    return;
  }
  KeyAnswer& answer = found->second;
  if (answer.result != Said::silent) return;  // relayed answers come more than once
  answer = read_answer(response.from, response.payload);
  answer.id = command_.id;
  if (--silent_ == 0 && phase_ != Phase::asking_self) on_all_answers(step);
}

void KeyRounds::on_time(Step& step) {
  if (step.now.steady < deadline_) return;
  if (phase_ == Phase::asking_self) {
    answers_.find(step.config.name)->second = {
        command_.id, step.config.name, Said::failed, "its keyring was not saved in time", {}};
    return finish(step);
  }
  if (attempt_ < kAttempts) return tell(step);
  on_all_answers(step);
}

// As many as there will be.
void KeyRounds::on_all_answers(Step& step) {
  if (phase_ == Phase::checking) {
    if (auto error = unsafe_key_change(command_.action, command_.key, answers_))
      return end(step, 0, std::move(error));
    return begin(step, Phase::asking, command_.action);
  }
  const bool own_last = command_.action == KeyAction::use || command_.action == KeyAction::remove;
  if (own_last && answers_.find(step.config.name)->second.result == Said::silent) return ask_self(step);
  finish(step);
}

void KeyRounds::finish(Step& step) {
  const auto failed = names_of(answers_, [](const auto& a) { return a.result == Said::failed; });
  const auto silent = names_of(answers_, [](const auto& a) { return a.result == Said::silent; });
  std::optional<Error> error;
  const std::string of_all = " of " + std::to_string(answers_.size()) + " members ";
  if (!failed.empty()) {
    error = Error{Errc::refused, std::to_string(failed.size()) + of_all + "failed: " + listed(failed),
                  "mend what they say, then give the same command again"};
  } else if (!silent.empty()) {
    error = Error{Errc::timed_out, std::to_string(silent.size()) + of_all + "did not answer: " + listed(silent),
                  "see whether they are reachable, then give the same command again"};
  }
  const auto done = static_cast<std::uint32_t>(answers_.size() - failed.size() - silent.size());
  for (auto& [name, answer] : answers_) step.out.notify({step.now, std::move(answer)});
  end(step, done, std::move(error));
}

void KeyRounds::end(Step& step, std::uint32_t value, std::optional<Error> error) {
  const CommandId id = command_.id;
  phase_ = Phase::none;
  deadline_ = kNever;
  command_ = {};
  answers_.clear();
  sent_.clear();
  silent_ = 0;
  step.out.notify({step.now, CommandDone{id, value, std::move(error)}});
}

}  // namespace hearsay::serf
