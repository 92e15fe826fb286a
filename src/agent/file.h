// Files that are either the old or the new ones, whole, whatever happens while they are written.
#pragma once

#include <string>
#include <string_view>

#include "hearsay/result.h"

namespace hearsay::agent {

// Errc::io with `what`, the system's word for errno `error`, and a cure. `elsewhere` names the setting that chooses
// another place, such as "--data-dir".
tl::unexpected<Error> io_fault(const std::string& what, int error, std::string_view elsewhere);

// True when all of it was written; else errno tells why.
bool write_all(int fd, std::string_view bytes);

// Replaces the file that `path` names, through links: PATH.new is written and synced, takes its place, and the
// directory is synced. Only its owner may read it. Errors: io; the old file is then unchanged, except when only the
// last sync failed.
Result<void> replace_file(const std::string& path, std::string_view bytes, std::string_view elsewhere);

}  // namespace hearsay::agent
