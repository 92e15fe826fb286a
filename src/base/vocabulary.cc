// The spelling of the public enumerations: as in logs, JSON, docs and the dashboard.
#include <iterator>

#include "hearsay/config.h"
#include "hearsay/counters.h"
#include "hearsay/member.h"
#include "hearsay/notice.h"
#include "hearsay/result.h"
#include "hearsay/sent.h"

namespace hearsay {

const char* name_of(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::invalid_config:
      return "invalid_config";
    case Errc::too_large:
      return "too_large";
    case Errc::not_found:
      return "not_found";
    case Errc::wrong_state:
      return "wrong_state";
    case Errc::unreachable:
      return "unreachable";
    case Errc::refused:
      return "refused";
    case Errc::timed_out:
      return "timed_out";
    case Errc::io:
      return "io";
    case Errc::defunct:
      return "defunct";
  }
  return "unknown";
}

const char* name_of(Status status) {
  switch (status) {
    case Status::alive:
      return "alive";
    case Status::suspect:
      return "suspect";
    case Status::leaving:
      return "leaving";
    case Status::left:
      return "left";
    case Status::failed:
      return "failed";
  }
  return "unknown";
}

const char* name_of(Profile profile) {
  switch (profile) {
    case Profile::local:
      return "local";
    case Profile::lan:
      return "lan";
    case Profile::wan:
      return "wan";
  }
  return "unknown";
}

const char* name_of(Evidence::Source source) {
  switch (source) {
    case Evidence::Source::own_probe:
      return "own_probe";
    case Evidence::Source::own_timer:
      return "own_timer";
    case Evidence::Source::gossip:
      return "gossip";
    case Evidence::Source::push_pull:
      return "push_pull";
    case Evidence::Source::first_hand:
      return "first_hand";
    case Evidence::Source::command:
      return "command";
    case Evidence::Source::self:
      return "self";
    case Evidence::Source::silence:
      return "silence";
  }
  return "unknown";
}

const char* name_of(KeyAction action) {
  switch (action) {
    case KeyAction::list:
      return "list";
    case KeyAction::install:
      return "install";
    case KeyAction::use:
      return "use";
    case KeyAction::remove:
      return "remove";
  }
  return "unknown";
}

const char* name_of(KeyAnswer::Result result) {
  switch (result) {
    case KeyAnswer::Result::done:
      return "done";
    case KeyAnswer::Result::failed:
      return "failed";
    case KeyAnswer::Result::silent:
      return "silent";
  }
  return "unknown";
}

const char* name_of(MemberChange::What what) {
  switch (what) {
    case MemberChange::What::joined:
      return "joined";
    case MemberChange::What::updated:
      return "updated";
    case MemberChange::What::suspected:
      return "suspected";
    case MemberChange::What::refuted:
      return "refuted";
    case MemberChange::What::leaving:
      return "leaving";
    case MemberChange::What::left:
      return "left";
    case MemberChange::What::failed:
      return "failed";
    case MemberChange::What::forgotten:
      return "forgotten";
    case MemberChange::What::confirmed:
      return "confirmed";
  }
  return "unknown";
}

const char* name_of(ConflictPolicy policy) {
  switch (policy) {
    case ConflictPolicy::refuse:
      return "refuse";
    case ConflictPolicy::stop:
      return "stop";
    case ConflictPolicy::warn:
      return "warn";
  }
  return "unknown";
}

const char* name_of(OwnProbe::Answer answer) {
  switch (answer) {
    case OwnProbe::Answer::direct:
      return "direct";
    case OwnProbe::Answer::relayed:
      return "relayed";
    case OwnProbe::Answer::stream:
      return "stream";
    case OwnProbe::Answer::none:
      return "none";
  }
  return "unknown";
}

const char* name_of(Link::Fault fault) {
  switch (fault) {
    case Link::Fault::outgoing:
      return "outgoing";
    case Link::Fault::unheard:
      return "unheard";
  }
  return "unknown";
}

const char* name_of(LinkChange::What what) {
  switch (what) {
    case LinkChange::What::broken:
      return "broken";
    case LinkChange::What::restored:
      return "restored";
    case LinkChange::What::unknown:
      return "unknown";
  }
  return "unknown";
}

namespace {
#define HEARSAY_COUNTER_NAME(name, help) #name,
constexpr const char* kCountNames[] = {HEARSAY_COUNTERS(HEARSAY_COUNTER_NAME)};
#undef HEARSAY_COUNTER_NAME
#define HEARSAY_COUNTER_HELP(name, help) help,
constexpr const char* kCountHelps[] = {HEARSAY_COUNTERS(HEARSAY_COUNTER_HELP)};
#undef HEARSAY_COUNTER_HELP
static_assert(std::size(kCountNames) == kCounts);

#define HEARSAY_MESSAGE_KIND_NAME(name, help) #name,
constexpr const char* kMessageKindNames[] = {HEARSAY_MESSAGE_KINDS(HEARSAY_MESSAGE_KIND_NAME)};
#undef HEARSAY_MESSAGE_KIND_NAME
#define HEARSAY_MESSAGE_KIND_HELP(name, help) help,
constexpr const char* kMessageKindHelps[] = {HEARSAY_MESSAGE_KINDS(HEARSAY_MESSAGE_KIND_HELP)};
#undef HEARSAY_MESSAGE_KIND_HELP
}  // namespace

const char* name_of(Count count) { return kCountNames[static_cast<std::size_t>(count)]; }
const char* help_of(Count count) { return kCountHelps[static_cast<std::size_t>(count)]; }

const char* name_of(MessageKind kind) { return kMessageKindNames[static_cast<std::size_t>(kind)]; }
const char* help_of(MessageKind kind) { return kMessageKindHelps[static_cast<std::size_t>(kind)]; }

}  // namespace hearsay
