// A result that goes to a file: all of it or none. Whether the file can be written is found out before the work
// that fills it, and a file of that name stays as it is until the new one is complete.
#pragma once

#include <string>
#include <string_view>

#include "hearsay/result.h"

namespace hearsay::cli {

class OutputFile {
 public:
  // Creates an empty file beside `path`. Errors: io, naming cause and cure; nothing is left behind.
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // without `commit`: nothing has happened

  // Writes it and gives it its name. Errors: io; the file of that name is as before.
  Result<void> commit(std::string_view text);
  const std::string& path() const { return path_; }

 private:
  OutputFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

  std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

}  // namespace hearsay::cli
