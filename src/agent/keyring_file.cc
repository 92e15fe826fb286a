#include "agent/keyring_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/value.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/base64.h"
#include "http/json.h"

namespace hearsay::agent {
namespace {

tl::unexpected<Error> io_fault(const std::string& what, int error) {
  std::string cure = "look at the kernel's log for the state of the disk";
  if (error == EACCES || error == EPERM) cure = "give the agent's user the right to write in its directory";
  if (error == EROFS) cure = "the file system is mounted read-only: choose another --keyring-file";
  if (error == ENOSPC || error == EDQUOT) cure = "the disk is full: free some space";
  if (error == ENOENT || error == ENOTDIR) cure = "its directory is gone: make it again";
  return fail(Errc::io, what + ": " + std::strerror(error), std::move(cure));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// 0, or what went wrong.
int write_synced(const std::string& path, std::string_view bytes) {
  ::unlink(path.c_str());  // left behind by a crash, perhaps with other rights
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  int error = write_all(fd, bytes) && ::fsync(fd) == 0 ? 0 : errno;
  if (::close(fd) != 0 && error == 0) error = errno;
  return error;
}

int sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

std::string resolved(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string out = real;
  std::free(real);
  return out;
}

}  // namespace

KeyringText decode_keyring(std::string_view text) {
  const auto parsed = http::parse_json(text);
  if (!parsed) return {{}, {"is " + parsed.error().cause}};
  if (!parsed->is_array() || parsed->get_array().empty()) return {{}, {"holds no list of keys"}};
  KeyringText out;
  std::size_t number = 0;
  for (const auto& entry : parsed->get_array()) {
    ++number;
    std::optional<Bytes> key;
    if (entry.is_string()) key = base::from_base64({entry.get_string().data(), entry.get_string().size()});
    if (key && (key->size() == 16 || key->size() == 24 || key->size() == 32)) {
      out.keys.push_back(std::move(*key));
    } else {
      out.faults.push_back("its key " + std::to_string(number) + " is not base64 of 16, 24 or 32 bytes");
    }
  }
  return out;
}

std::string encode_keyring(const std::vector<Bytes>& keys) {
  boost::json::array list;
  for (const Bytes& key : keys) list.emplace_back(base::to_base64(key));
  return http::pretty(list) + "\n";
}

Result<void> save_keyring(const std::string& path, const std::vector<Bytes>& keys) {
  const std::string file = resolved(path);
  const std::string temporary = file + ".new";
  if (const int error = write_synced(temporary, encode_keyring(keys)); error != 0) {
    ::unlink(temporary.c_str());
    return io_fault("cannot write " + temporary, error);
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return io_fault("cannot replace " + file, error);
  }
  if (const int error = sync_directory_of(file); error != 0)
    return io_fault("cannot sync the directory of " + file, error);
  return {};
}

}  // namespace hearsay::agent
