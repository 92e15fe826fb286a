#include "sim/islands.h"

#include <algorithm>

namespace hearsay::sim {

void Islands::meet(Place one, Place other) {
  while (above_.size() <= std::max(one, other)) above_.push_back(above_.size());
  const Place left = root(one);
  const Place right = root(other);
  above_[std::max(left, right)] = std::min(left, right);
  above_[one] = above_[other] = std::min(left, right);
}

bool Islands::are_one(std::size_t places) const {
  for (Place place = 1; place < places; ++place) {
    if (!share(0, place)) return false;
  }
  return true;
}

Place Islands::root(Place place) const {
  while (place < above_.size() && above_[place] != place) place = above_[place];
  return place;
}

}  // namespace hearsay::sim
