// Where the sources of this build lie. Known to one object file alone, so that no test's code depends on the length
// of a path.
#pragma once

#include <string>

namespace hearsay::tests {

// The root of the repository plus "/" and a path below it.
std::string in_source_dir(const std::string& path_from_root);

}  // namespace hearsay::tests
