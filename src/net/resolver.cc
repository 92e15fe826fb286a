#include "net/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "net/socket.h"

namespace hearsay::net {

namespace asio = boost::asio;

// Owned by the resolver and by each of its threads.
struct Resolver::Shared : std::enable_shared_from_this<Resolver::Shared> {
  struct Question {
    std::string host;
    std::uint16_t port = 0;
    std::function<void(Resolved)> done;
  };

  std::mutex mutex;
  asio::io_context* loop;  // null: the resolver is gone
  std::deque<Question> waiting;
  std::size_t threads = 0;
  const Lookup lookup;
  const bool v4, v6;

  Shared(asio::io_context& on, Lookup how, bool with_v4, bool with_v6)
      : loop(&on), lookup(std::move(how)), v4(with_v4), v6(with_v6) {}

  // REQUIRES: the mutex is held. The answer is dropped if the resolver goes before the loop comes to it.
  void answer(Question question, Resolved resolved) {
    asio::post(*loop, [self = shared_from_this(), done = std::move(question.done), resolved = std::move(resolved)] {
      {
        const std::lock_guard lock(self->mutex);
        if (self->loop == nullptr) return;
      }
      done(resolved);
    });
  }

  void work() {
    std::unique_lock lock(mutex);
    while (loop != nullptr && !waiting.empty()) {
      Question question = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      Resolved resolved = lookup(question.host, question.port, v4, v6);
      lock.lock();
      if (loop != nullptr) answer(std::move(question), std::move(resolved));
    }
    --threads;
  }
};

std::vector<Address> in_order(std::vector<Address> found) {
  std::erase_if(found,
                [](const Address& a) { return !a.valid() || (!a.is_v4() && is_link_local(a) && a.scope == 0); });
  const auto before = [](const Address& a, const Address& b) {
    return a.ip_bytes != b.ip_bytes ? a.ip_bytes < b.ip_bytes : a < b;
  };
  std::sort(found.begin(), found.end(), before);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Resolved Resolver::system_lookup(const std::string& host, std::uint16_t port, bool v4, bool v6) {
  addrinfo wanted{};
  wanted.ai_family = v4 && v6 ? AF_UNSPEC : v4 ? AF_INET : AF_INET6;
  wanted.ai_socktype = SOCK_STREAM;  // else every address comes once per kind of socket
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &list);
  if (error != 0) {
    return {{}, host + ": " + (error == EAI_SYSTEM ? system_message(errno) : ::gai_strerror(error))};
  }
  std::vector<Address> found;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    sockaddr_storage storage{};
    if (entry->ai_addrlen > sizeof storage) continue;
    std::memcpy(&storage, entry->ai_addr, entry->ai_addrlen);
    Address address = from_system(storage);
    address.port = port;
    found.push_back(address);
  }
  ::freeaddrinfo(list);
  found = in_order(std::move(found));
  if (found.empty()) return {{}, host + ": has no address that this node can dial"};
  return {std::move(found), {}};
}

Resolver::Resolver(asio::io_context& loop, bool v4, bool v6, SocketCounters& counters, Lookup lookup)
    : counters_(counters), shared_(std::make_shared<Shared>(loop, std::move(lookup), v4, v6)) {}

Resolver::~Resolver() {
  const std::lock_guard lock(shared_->mutex);
  shared_->loop = nullptr;
  shared_->waiting.clear();
}

void Resolver::resolve(std::string host, std::uint16_t port, std::function<void(Resolved)> done) {
  const std::lock_guard lock(shared_->mutex);
  Shared::Question question{std::move(host), port, std::move(done)};
  if (shared_->waiting.size() >= kWaitingMax) {
    ++counters_.names_refused;
    const std::string why = question.host + ": too many names wait to be resolved";
    return shared_->answer(std::move(question), {{}, why});
  }
  shared_->waiting.push_back(std::move(question));
  if (shared_->threads >= kThreadsMax) return;

  // The application's signals are no business of these threads.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([shared = shared_] { shared->work(); }).detach();
    ++shared_->threads;
  } catch (const std::system_error& error) {
    if (shared_->threads == 0) {
      Shared::Question unanswered = std::move(shared_->waiting.back());
      shared_->waiting.pop_back();
      const std::string why = unanswered.host + ": no thread to resolve it: " + error.what();
      shared_->answer(std::move(unanswered), {{}, why});
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace hearsay::net
