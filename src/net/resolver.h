// Host names to addresses, with the system's resolver in threads of its own.
//
// The system's call blocks, for half a minute when no name server answers, and cannot be cancelled. So its
// threads are let go: whoever destroys the resolver does not wait for them; an answer that nobody wants any more
// is dropped. A few names are looked up at once, the rest waits in a bounded queue.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "hearsay/node.h"
#include "hearsay/socket_counters.h"

namespace hearsay::net {

// Without repetitions, IPv4 first, in the order of their bytes: the same answers give the same order everywhere.
// IPv6 link-local ones without an interface cannot be dialled and are left out.
std::vector<Address> in_order(std::vector<Address> found);

class Resolver {
 public:
  static constexpr std::size_t kThreadsMax = 4;
  static constexpr std::size_t kWaitingMax = 1024;
  // Looks a name up, blocking; called on threads of the resolver.
  using Lookup = std::function<Resolved(const std::string& host, std::uint16_t port, bool v4, bool v6)>;

  // Answers only with addresses of these families.
  Resolver(boost::asio::io_context& loop, bool v4, bool v6, SocketCounters& counters,
           Lookup lookup = system_lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` is called on the loop, once, later; never after this object was destroyed.
  void resolve(std::string host, std::uint16_t port, std::function<void(Resolved)> done);

  static Resolved system_lookup(const std::string& host, std::uint16_t port, bool v4, bool v6);

 private:
  struct Shared;
  SocketCounters& counters_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace hearsay::net
