// Who can ever meet whom: nodes that are joined by contacts, however many lie between them, are on one island. What
// no running node remembers nobody can heal.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/network.h"

namespace hearsay::sim {

class Islands {
 public:
  // One has a contact to the other; either way is enough, for who is contacted learns of who contacts.
  void meet(Place one, Place other);
  bool share(Place one, Place other) const { return root(one) == root(other); }
  // All of the first so many are on one.
  bool are_one(std::size_t places) const;

 private:
  Place root(Place place) const;
  std::vector<Place> above_;  // towards the root of its island; none: itself
};

}  // namespace hearsay::sim
