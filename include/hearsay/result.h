// How a call says that it failed: the cause, the cure, and whether anything changed.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace hearsay {

// What kind of failure; programs branch on it, people read Error::cause.
enum class Errc {
  invalid_argument,  // the caller's input; nothing changed
  invalid_config,    // the configuration; nothing was started
  too_large,         // over a documented limit; nothing changed
  not_found,         // no such member, stream, key; nothing changed
  wrong_state,       // e.g. a command to a node that has left; nothing changed
  unreachable,       // nobody answered; may be tried again
  refused,           // a peer said no
  timed_out,         // no end within the given time; what was begun may still have an effect
  io,                // the operating system said no
  defunct,           // this node hit a fault of its own and stopped
};

// An error for people and programs. `cause` says what is wrong, `cure` what to do about it (may be empty).
// Unless the Errc says otherwise, a call that returns an Error has changed nothing.
struct Error {
  Errc code = Errc::invalid_argument;
  std::string cause;
  std::string cure;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string cause, std::string cure = {}) {
  return tl::unexpected<Error>(Error{code, std::move(cause), std::move(cure)});
}

// The enumerator as spelled in the source, logs and JSON.
const char* name_of(Errc code);

}  // namespace hearsay
