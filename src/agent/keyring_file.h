// The keyring on disk, in Serf's format: a JSON list of keys in base64, the one that encrypts first. Serf and
// hearsay agents may take turns with one file.
//
// The file is replaced, never changed: a crash leaves the old keyring or the new one, and only its owner can read
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hearsay/bytes.h"
#include "hearsay/result.h"

namespace hearsay::agent {

struct KeyringText {
  std::vector<Bytes> keys;
  std::vector<std::string> faults;  // what is wrong, without repeating any key; then there may be fewer keys
};
KeyringText decode_keyring(std::string_view text);
std::string encode_keyring(const std::vector<Bytes>& keys);

// Returns when the keys are safely on the disk; a symbolic link stays, and what it points to is replaced.
// Errors: io; the old file is kept.
Result<void> save_keyring(const std::string& path, const std::vector<Bytes>& keys);

}  // namespace hearsay::agent
