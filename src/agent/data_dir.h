// What an agent keeps across restarts: its incarnation, its Lamport clock, the peers it knew, and tags that were
// changed at run time.
//
// The file is replaced, never changed: a new one is written beside it, synced, renamed over it, and the
// directory is synced. A crash leaves the old or the new state, never half of one. The incarnation in it is a
// reserve: the highest that may be in use, so that a restart after any crash begins above what peers have seen.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hearsay/ids.h"
#include "hearsay/member.h"
#include "hearsay/result.h"

namespace hearsay::agent {

struct SavedPeer {
  std::string name;
  std::string address;  // "10.0.0.1:7946"
  bool operator==(const SavedPeer&) const = default;
};

// Tags that were changed at run time, and the configuration's at that time: they count for as long as those do.
struct SavedTags {
  Tags tags;
  Tags configured;
  bool operator==(const SavedTags&) const = default;
};

struct SavedState {
  std::string name;
  Incarnation incarnation{1};
  LamportTime lamport{1};
  std::uint32_t generation = 0;  // the last one used; 0: none was
  bool left = false;             // the agent left on purpose: it does not rejoin by itself
  std::vector<SavedPeer> peers;
  std::optional<SavedTags> tags{};
  bool operator==(const SavedState&) const = default;
};

inline constexpr std::size_t kSavedPeersMax = 256;

std::string encode_state(const SavedState& state);
// Errors: invalid_argument, saying what is wrong with the text.
Result<SavedState> decode_state(std::string_view text);

// A directory that belongs to one agent at a time.
class DataDir {
 public:
  // Creates the directory if it is not there (its parent must be), and locks it.
  // Errors: io, wrong_state (in use).
  static Result<std::unique_ptr<DataDir>> open(std::string path);
  ~DataDir();
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  // None: there is no state yet. Errors: io, invalid_argument (damaged; the file is left as it is).
  Result<std::optional<SavedState>> load() const;
  // Returns when the state is safely on the disk. Errors: io; the old state is kept.
  Result<void> save(const SavedState& state) const;
  const std::string& path() const { return path_; }

 private:
  DataDir(std::string path, int directory, int lock) : path_(std::move(path)), directory_(directory), lock_(lock) {}
  std::string path_;
  int directory_;
  int lock_;
};

// Saves in a thread of its own, because a disk may take seconds for a sync. Only the latest state counts; while it
// cannot be saved, it is tried again every 10 s and at the end.
class StateWriter {
 public:
  // `on_result` is called in the writer's thread after each attempt.
  StateWriter(const DataDir& dir, std::function<void(const Result<void>&)> on_result);
  // Saves what still waits.
  ~StateWriter();
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;

  void save(SavedState state);

 private:
  void run();

  const DataDir& dir_;
  std::function<void(const Result<void>&)> on_result_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<SavedState> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace hearsay::agent
