// The parts of a plan that there may be several of: [[fault]], [[zone]], [[link]], and the same in words.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/plan_read.h"
#include "sim/plan.h"

namespace hearsay::cli {

// A plan that is being read.
struct PlanDraft {
  sim::ClusterPlan plan;
  std::vector<agent::Fault> faults;           // all that is wrong so far
  std::map<std::string, std::string> places;  // where each key was given, for what only the whole plan shows

  void fault(std::string where, std::string key, std::string cause, std::string cure) {
    faults.push_back({std::move(where), std::move(key), std::move(cause), std::move(cure)});
  }
  void note(const agent::Given& given, const Complaint& complaint) {
    if (complaint) fault(given.where, given.key, complaint->cause, complaint->cure);
  }
};

class PlanParts {
 public:
  // Some nodes with a name.
  struct Zone {
    std::string name;
    sim::Place first = 0;
    sim::Place last = 0;
  };

  // REQUIRES: the draft outlives it.
  explicit PlanParts(PlanDraft& draft) : draft_(draft) {}

  // False: the value is not of such a part. All values of one part come one after another.
  bool read(const agent::Given& given);
  // After the last value.
  void end_part();
  // The zones fit into the cluster, whose size is known now.
  void check_zones();

 private:
  void read_words(const agent::Given& given);
  void read_part(const agent::Given& given);
  void end_zone(const std::vector<agent::Given>& parts);
  void end_link(const std::vector<agent::Given>& parts);
  void end_fault(const std::vector<agent::Given>& parts);
  void add_link(const sim::Network::Special& special, bool one_way, const std::string& where);
  void read_link_words(const agent::Given& given);

  PlanDraft& draft_;
  std::string head_;  // of the part that is being collected: "fault[2]"
  std::vector<agent::Given> parts_;
  std::vector<Zone> zones_;
  std::string zones_where_;
};

}  // namespace hearsay::cli
