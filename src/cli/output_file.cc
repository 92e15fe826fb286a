#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "agent/file.h"

namespace hearsay::cli {

namespace {
Error io_fault(const std::string& path, const std::string& cause, const std::string& cure) {
  return {Errc::io, "cannot write " + path + ": " + cause, cure};
}
}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  struct stat there {};
  if (path.empty()) return tl::unexpected(io_fault("\"\"", "the name is empty", "name a file"));
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return tl::unexpected(io_fault(path, S_ISDIR(there.st_mode) ? "it is a directory" : "it is not a file",
                                   "name a file that may be replaced, or one that is not there yet"));
  }
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    return tl::unexpected(
        io_fault(path, std::system_category().message(error),
                 error == ENOENT ? "make its directory first" : "choose a place where this user may write"));
  }
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd, 0666 & ~mask);
  return OutputFile(path, std::move(temporary), fd);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), fd_(std::exchange(other.fd_, -1)) {}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<void> OutputFile::commit(std::string_view text) {
  const auto failed = [&] {
    return tl::unexpected(io_fault(path_, std::system_category().message(errno), "is the disk full?"));
  };
  if (!agent::write_all(fd_, text)) return failed();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return failed();
  ::close(std::exchange(fd_, -1));
  return {};
}

}  // namespace hearsay::cli
