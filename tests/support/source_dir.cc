#include "support/source_dir.h"

namespace hearsay::tests {

std::string in_source_dir(const std::string& path_from_root) {
  std::string path = HEARSAY_SOURCE_DIR;
  return path.append("/").append(path_from_root);
}

}  // namespace hearsay::tests
