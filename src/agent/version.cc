#include "agent/version.h"

namespace hearsay::agent {

std::string_view version() { return HEARSAY_VERSION; }

}  // namespace hearsay::agent
