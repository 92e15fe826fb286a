#include "agent/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace hearsay::agent {
namespace {

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

tl::unexpected<Error> io_fault(const std::string& what, int error, std::string_view elsewhere) {
  const std::string other = "choose another " + std::string(elsewhere);
  std::string cure = "look at the kernel's log for the state of the disk";
  if (error == EACCES || error == EPERM)
    cure = "give the agent's user the right to read and write there, or " + other;
  if (error == EROFS) cure = "the file system is mounted read-only: " + other;
  if (error == ENOSPC || error == EDQUOT) cure = "the disk is full: free some space";
  if (error == ENOENT) cure = "make its parent directory first, or " + other;
  if (error == ENOTDIR) cure = "that is a file, or leads through one: " + other;
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

Result<void> replace_file(const std::string& path, std::string_view bytes, std::string_view elsewhere) {
  const std::string file = resolved(path);
  const std::string temporary = file + ".new";
  if (const int error = write_synced(temporary, bytes); error != 0) {
    ::unlink(temporary.c_str());
    return io_fault("cannot write " + temporary, error, elsewhere);
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return io_fault("cannot replace " + file, error, elsewhere);
  }
  if (const int error = sync_directory_of(file); error != 0)
    return io_fault("cannot sync the directory of " + file, error, elsewhere);
  return {};
}

}  // namespace hearsay::agent
