// Who knew what when: one member, seen by every node, over time.
#pragma once

#include <string>

#include "cli/sim_report.h"

namespace hearsay::cli {

// A heading and a plot. A row for each node, or for a band of nodes where there are many; whoever came to show the
// member as failed first (else as suspect) stands on top.
std::string timeline_html(const sim::Story& story, const ClusterRun& run);

}  // namespace hearsay::cli
