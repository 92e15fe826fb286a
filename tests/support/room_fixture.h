// One node's shared things around a room, without a router: a test hands messages to the room and looks at what
// it put into the outbox, what it claimed and what the table became of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/interner.h"
#include "members/member_table.h"
#include "room/step.h"
#include "spread/rumor_queue.h"
#include "wire/describe.h"
#include "wire/memberlist.h"

namespace hearsay::tests {

inline constexpr Versions kSerfVersions{1, 5, 2, 2, 5, 5};

inline Address ip(std::uint8_t last, std::uint16_t port = 7946) {
  const std::uint8_t bytes[] = {10, 0, 0, last};
  return Address::from_ip(bytes, port);
}

// "self" is 10.0.0.1; the others are added as n2 (10.0.0.2), n3, ...
class RoomFixture : public testing::Test {
 protected:
  RoomFixture() {
    config.name = "self";
    config.advertise = ip(1);
    rebuild();
  }

  // Starts again with the present configuration.
  void rebuild() {
    outcomes = std::make_unique<room::Outcomes>(4096);
    counters = {};
    out = std::make_unique<room::Outbox>(counters);
    rumors = std::make_unique<spread::RumorQueue>(interner, spread::RumorQueue::Limits{}, counters);
    table.reset();
    table = std::make_unique<members::MemberTable>(interner, config, kSerfVersions);
    members::Claim claim{alive("self", 1, 1), {}, true, {}};
    EXPECT_TRUE(table->apply(now(), claim).accepted());
  }

  Now now() const { return {steady, WallTime{std::chrono::seconds(1'700'000'000)} + (steady - Time{})}; }
  room::Step step() { return {now(), config, *table, *rumors, *out, *outcomes, counters}; }

  // The facts of the member at 10.0.0.`last`.
  members::AliveClaim alive(std::string_view name, std::uint32_t incarnation, std::uint8_t last) {
    const Address address = ip(last);
    auto& bytes = addresses_.emplace_back(std::make_unique<Bytes>(to_bytes(address.ip_view())));
    return {name, {incarnation}, *bytes, address.port, {}, kSerfVersions};
  }
  // Adds n<last>; the outcome for rooms that want to hear of it.
  room::Outcome add(std::uint8_t last, const Versions& versions = kSerfVersions) {
    names_.push_back(std::make_unique<std::string>("n" + std::to_string(last)));
    auto facts = alive(*names_.back(), 1, last);
    facts.vsn = versions;
    return submit(facts);
  }
  // Applies a claim of somebody else and keeps it alive, so that its outcome can be offered to rooms.
  template <class Body>
  room::Outcome submit(const Body& body, ByteView verbatim = {}) {
    claims_.push_back(std::make_unique<members::Claim>(members::Claim{body, {}, false, verbatim}));
    return table->apply(now(), *claims_.back());
  }
  room::Origin from(const Address& address) const { return {address, {}, false, {}}; }
  room::Origin on_stream(const Address& address, std::uint64_t stream) const {
    return {address, StreamId{stream}, false, {}};
  }
  // A message of a datagram in the outbox; views into the outbox.
  template <class Message>
  Message message(std::size_t item, std::size_t part = 0) const {
    const auto& datagram = std::get<room::Outbox::Datagram>(out->items().at(item));
    EXPECT_LT(part, datagram.parts);
    return std::get<Message>(*wire::decode_datagram_message(out->message(out->part(datagram.first_part + part))));
  }
  MemberId id(std::string_view name) const { return table->find(name); }
  Status status(std::string_view name) const { return members::status_of(table->row(id(name))); }

  // What lies in the outbox, one line each, and empties it: "10.0.0.2:7946 ping ... + suspect ..." etc.
  std::vector<std::string> sent() {
    std::vector<std::string> lines;
    for (const auto& item : out->items()) lines.push_back(std::visit([&](const auto& i) { return text(i); }, item));
    out->clear();
    return lines;
  }
  // The rumors that wait, best first; each counts as told once more, which no test here minds.
  std::vector<std::string> queued() {
    std::vector<ByteView> views;
    rumors->fill(spread::Audience::hearsay, 1000, 1u << 20, 2, 255, views);
    std::vector<std::string> lines;
    for (const ByteView view : views) lines.push_back(wire::describe_message(view));
    return lines;
  }
  // Hands the outcomes that wait to `offer`, as the router does; how many there were.
  template <class Offer>
  int drain(Offer offer) {
    int count = 0;
    while (!outcomes->empty()) {
      auto entry = outcomes->take();
      entry.outcome.claim = &entry.claim;
      offer(entry.outcome);
      ++count;
    }
    return count;
  }
  int drain() {
    return drain([](const auto&) {});
  }

  base::Interner interner;
  Config config;
  Time steady{std::chrono::seconds(1000)};
  Counters counters;
  std::unique_ptr<members::MemberTable> table;
  std::unique_ptr<spread::RumorQueue> rumors;
  std::unique_ptr<room::Outbox> out;
  std::unique_ptr<room::Outcomes> outcomes;

 private:
  std::string text(const room::Outbox::Datagram& datagram) const {
    std::string line = to_string(datagram.peer.to);
    for (std::size_t i = 0; i < datagram.parts; ++i) {
      line += (i == 0 ? " " : " + ") + wire::describe_message(out->message(out->part(datagram.first_part + i)));
    }
    return line + (datagram.rumors ? " + rumors" : "") + (datagram.peer.crc ? " crc" : "");
  }
  std::string text(const room::Outbox::Request& request) const {
    return "request " + to_string(request.to) + " " + wire::describe_message(out->message(request.message));
  }
  std::string text(const room::Outbox::Answer& answer) const {
    return "answer " + std::to_string(answer.stream.value) + " " +
           wire::describe_message(out->message(answer.message));
  }
  std::string text(const room::Outbox::Close& close) const { return "close " + std::to_string(close.stream.value); }
  std::string text(const room::Outbox::Resolve& resolve) const {
    return "resolve " + resolve.host + ":" + std::to_string(resolve.port);
  }
  std::string text(const SaveKeys& save) const { return "save " + std::to_string(save.keys.size()) + " keys"; }
  std::string text(const Notice& notice) const { return "notify " + describe(notice); }

  std::vector<std::unique_ptr<Bytes>> addresses_;
  std::vector<std::unique_ptr<std::string>> names_;
  std::vector<std::unique_ptr<members::Claim>> claims_;
};

}  // namespace hearsay::tests
