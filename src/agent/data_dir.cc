#include "agent/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/value.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

#include "agent/file.h"
#include "hearsay/state.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

constexpr const char* kFile = "state.json";
constexpr const char* kLock = "lock";
constexpr std::int64_t kFormat = 1;
constexpr off_t kKeptBytesMax = 4 << 20;
constexpr std::chrono::seconds kRetry{10};

constexpr std::string_view kElsewhere = "--data-dir";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

std::optional<std::uint64_t> number_at(const boost::json::object& object, const char* key, std::uint64_t most) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return std::nullopt;
  std::uint64_t number = 0;
  if (value->is_int64() && value->get_int64() >= 0) {
    number = static_cast<std::uint64_t>(value->get_int64());
  } else if (value->is_uint64()) {
    number = value->get_uint64();
  } else {
    return std::nullopt;
  }
  if (number > most) return std::nullopt;
  return number;
}

std::optional<std::string> text_at(const boost::json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string().data(), value->get_string().size());
}

boost::json::object encode_tags(const Tags& tags) {
  boost::json::object object;
  for (const auto& [key, value] : tags) object[http::clean_text(key)] = http::clean_text(value);
  return object;
}

std::optional<Tags> tags_at(const boost::json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_object()) return std::nullopt;
  Tags tags;
  for (const auto& tag : value->get_object()) {
    if (!tag.value().is_string()) return std::nullopt;
    const auto& text = tag.value().get_string();
    tags[std::string(tag.key().data(), tag.key().size())] = std::string(text.data(), text.size());
  }
  return tags;
}

}  // namespace

std::string encode_state(const SavedState& state) {
  boost::json::array peers;
  for (const auto& peer : state.peers) {
    peers.push_back({{"name", http::clean_text(peer.name)}, {"addr", http::clean_text(peer.address)}});
  }
  boost::json::object object;
  object["format"] = kFormat;
  object["name"] = http::clean_text(state.name);
  object["incarnation"] = state.incarnation.value;
  object["lamport"] = state.lamport.value;
  object["generation"] = state.generation;
  object["left"] = state.left;
  object["peers"] = std::move(peers);
  if (state.tags) {
    object["tags"] = encode_tags(state.tags->tags);
    object["configured_tags"] = encode_tags(state.tags->configured);
  }
  return http::pretty(object) + "\n";
}

Result<SavedState> decode_state(std::string_view text) {
  const auto parsed = http::parse_json(text);
  if (!parsed) return tl::unexpected(parsed.error());
  if (!parsed->is_object()) return fail(Errc::invalid_argument, "not a JSON object");
  const auto& object = parsed->get_object();
  const auto format = number_at(object, "format", std::numeric_limits<std::uint64_t>::max());
  if (!format) return fail(Errc::invalid_argument, "the format number is missing");
  if (*format != kFormat) {
    return fail(Errc::invalid_argument, "format " + std::to_string(*format) + " is not known to this version");
  }
  const auto name = text_at(object, "name");
  const auto incarnation = number_at(object, "incarnation", std::numeric_limits<std::uint32_t>::max());
  const auto lamport = number_at(object, "lamport", std::numeric_limits<std::uint64_t>::max());
  const auto* left = object.if_contains("left");
  const auto* peers = object.if_contains("peers");
  if (!name || !incarnation || !lamport || left == nullptr || !left->is_bool() || peers == nullptr ||
      !peers->is_array()) {
    return fail(Errc::invalid_argument, "a field is missing or of the wrong kind");
  }
  SavedState state{
      *name, Incarnation{static_cast<std::uint32_t>(*incarnation)}, LamportTime{*lamport}, 0, left->get_bool(), {}};
  if (object.if_contains("generation") != nullptr) {  // files of earlier versions have none
    const auto generation = number_at(object, "generation", kFirstGenerationMax);
    if (!generation) return fail(Errc::invalid_argument, "the generation is not a number, or too high");
    state.generation = static_cast<std::uint32_t>(*generation);
  }
  for (const auto& entry : peers->get_array()) {
    if (state.peers.size() == kSavedPeersMax) break;
    const auto peer_name = entry.is_object() ? text_at(entry.get_object(), "name") : std::nullopt;
    const auto address = entry.is_object() ? text_at(entry.get_object(), "addr") : std::nullopt;
    if (!peer_name || !address) return fail(Errc::invalid_argument, "a peer is not of the form {name, addr}");
    state.peers.push_back({*peer_name, *address});
  }
  if (object.if_contains("tags") != nullptr) {
    auto tags = tags_at(object, "tags");
    auto configured = tags_at(object, "configured_tags");
    if (!tags || !configured) return fail(Errc::invalid_argument, "its tags are not tables of texts");
    state.tags = SavedTags{std::move(*tags), std::move(*configured)};
  }
  return state;
}

Result<std::unique_ptr<DataDir>> DataDir::open(std::string path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return io_fault("cannot make the data directory " + path, errno, kElsewhere);
  }
  Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) {
    return io_fault("cannot open the data directory " + path, errno, kElsewhere);
  }
  Descriptor lock(::openat(directory.get(), kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.get() < 0) return io_fault("cannot write to the data directory " + path, errno, kElsewhere);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return io_fault("cannot lock the data directory " + path, errno, kElsewhere);
    char owner[32] = {};
    const ssize_t got = ::pread(lock.get(), owner, sizeof owner - 1, 0);
    std::string who = "another agent";
    if (got > 0) who += " (process " + std::string(owner, std::strcspn(owner, "\n")) + ")";
    return fail(Errc::wrong_state, "the data directory " + path + " is in use by " + who,
                "stop that agent, or give this one a --data-dir of its own");
  }
  // The number serves the message above; the lock itself is the kernel's.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return io_fault("cannot write to the data directory " + path, errno, kElsewhere);
  }
  const int directory_fd = directory.release();
  const int lock_fd = lock.release();
  return std::unique_ptr<DataDir>(new DataDir(std::move(path), directory_fd, lock_fd));
}

DataDir::~DataDir() {
  ::close(lock_);
  ::close(directory_);
}

Result<std::optional<SavedState>> DataDir::load() const {
  const std::string file = path_ + "/" + kFile;
  Descriptor fd(::openat(directory_, kFile, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    return io_fault("cannot read " + file, errno, kElsewhere);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return io_fault("cannot read " + file, errno, kElsewhere);
  const std::string cure = "move it away to start afresh (`mv " + file + " " + file +
                           ".damaged`): the agent then joins as a new one and refutes what is known of the old";
  if (!S_ISREG(status.st_mode) || status.st_size > kKeptBytesMax) {
    return fail(Errc::invalid_argument, "the state file " + file + " is damaged: it is too large or not a file",
                cure);
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(fd.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_fault("cannot read " + file, errno, kElsewhere);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  auto state = decode_state(text);
  if (!state) {
    return fail(Errc::invalid_argument, "the state file " + file + " is damaged: " + state.error().cause, cure);
  }
  return std::move(*state);
}

Result<void> DataDir::save(const SavedState& state) const {
  return replace_file(path_ + "/" + kFile, encode_state(state), kElsewhere);
}

StateWriter::StateWriter(const DataDir& dir, std::function<void(const Result<void>&)> on_result)
    : dir_(dir), on_result_(std::move(on_result)), thread_([this] { run(); }) {}

StateWriter::~StateWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void StateWriter::save(SavedState state) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = std::move(state);
  }
  wake_.notify_one();
}

void StateWriter::run() {
  const auto has_work = [this] { return waiting_ || ending_; };
  std::optional<SavedState> state;  // not saved yet
  std::unique_lock lock(mutex_);
  for (;;) {
    if (state) {
      wake_.wait_for(lock, kRetry, has_work);
    } else {
      wake_.wait(lock, has_work);
    }
    if (waiting_) state = std::exchange(waiting_, std::nullopt);
    const bool last = ending_;
    if (state) {
      lock.unlock();
      const auto result = dir_.save(*state);
      if (result) state.reset();
      on_result_(result);
      lock.lock();
    }
    if (last) return;
  }
}

}  // namespace hearsay::agent
