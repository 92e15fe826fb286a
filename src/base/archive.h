// Each room lists its fields once: `template <class A> void fields(A& archive) { archive(a_, b_); }`.
// HashArchive turns them into state_hash(): two nodes that were fed the same inputs agree on it.
#pragma once

#include <array>
#include <concepts>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "hearsay/address.h"
#include "hearsay/ids.h"
#include "hearsay/time.h"

namespace hearsay::base {

class HashArchive {
 public:
  template <class... Field>
  void operator()(Field&... field) {
    (one(field), ...);
  }
  std::uint64_t value() const { return hash_.value(); }

 private:
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  void one(T value) { hash_.add(static_cast<std::uint64_t>(value)); }
  template <class Tag, class Rep>
  void one(const Strong<Tag, Rep>& id) {
    one(id.value);
  }
  void one(const MemberId& id) { (*this)(id.index, id.reuse); }
  void one(const Time& time) { one(time.time_since_epoch().count()); }
  void one(const Duration& duration) { one(duration.count()); }
  void one(const std::string& text) { hash_.add(std::string_view(text)); }
  void one(const Bytes& bytes) { hash_.add(ByteView(bytes)); }
  void one(const Address& address) {
    hash_.add(address.ip_view());
    (*this)(address.port, address.scope);
  }
  template <class T>
  void one(std::optional<T>& value) {
    one(value.has_value());
    if (value) one(*value);
  }
  template <class A, class B>
  void one(std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  template <class A, class B>
  void one(std::pair<const A, B>& both) {
    A key = both.first;
    (*this)(key, both.second);
  }
  template <class T>
  void one(std::vector<T>& items) {
    sequence(items);
  }
  template <class T>
  void one(std::deque<T>& items) {
    sequence(items);
  }
  template <class T, std::size_t N>
  void one(std::array<T, N>& items) {
    sequence(items);
  }
  template <class K, class V, class C>
  void one(std::map<K, V, C>& items) {
    sequence(items);
  }
  template <class T>
  requires requires(T& room, HashArchive& archive) { room.fields(archive); }
  void one(T& room) { room.fields(*this); }
  template <class Items>
  void sequence(Items& items) {
    one(items.size());
    for (auto& item : items) one(item);
  }
  Hasher hash_;
};

}  // namespace hearsay::base
