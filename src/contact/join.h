// Joining: introduce ourselves at each address that we were given, resolve those that are names, and say in the end
// how many answered. One is enough. What an introduction is, the family knows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hearsay/command.h"
#include "hearsay/node.h"
#include "room/step.h"

namespace hearsay::contact {

// Joins running at once; more are refused.
inline constexpr std::size_t kJoinsMax = 64;
// Addresses tried for one name (a name may have many).
inline constexpr std::size_t kAddressesPerName = 16;

class Join {
 public:
  explicit Join(room::Introduction& introduction) : introduction_(&introduction) {}

  // False: the command cannot run, and its end is told. Nothing else has changed.
  bool accepts(room::Step& step, const hearsay::Join& command) const;
  // `quiet`: our own doing, not told to everybody as a join. REQUIRES: accepts(step, command).
  void on_command(room::Step& step, const hearsay::Join& command, std::uint16_t default_port, bool quiet);
  void on_reply(room::Step& step, CallId call, const Resolved& resolved);
  // True when this answers an exchange of a join that the application asked for, which is then told to everybody.
  bool on_answer(room::Step& step, StreamId stream);
  void on_stream_end(room::Step& step, StreamId stream, std::string_view why);

  template <class Archive>
  void fields(Archive& archive) {
    archive(running_, streams_, calls_, numbers_);
  }

 private:
  struct Running {
    CommandId command;
    bool quiet = false;
    std::uint32_t waiting = 0;  // exchanges and names still open
    std::uint32_t joined = 0;
    std::string last_failure;
    template <class Archive>
    void fields(Archive& archive) {
      archive(command, quiet, waiting, joined, last_failure);
    }
  };
  struct Asked {  // an exchange or a name, and the join that it belongs to
    std::uint64_t join = 0;
    std::string what;
    template <class Archive>
    void fields(Archive& archive) {
      archive(join, what);
    }
  };
  void exchange(room::Step& step, std::uint64_t number, const Address& peer);
  void one_done(room::Step& step, std::uint64_t number, bool joined, std::string failure);

  room::Introduction* introduction_;
  std::uint64_t numbers_ = 0;
  std::map<std::uint64_t, Running> running_;
  std::map<StreamId, Asked> streams_;
  std::map<CallId, Asked> calls_;
};

}  // namespace hearsay::contact
