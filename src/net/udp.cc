#include "net/udp.h"

#include <netinet/in.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/check.h"

namespace hearsay::net {
namespace {

constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(in6_pktinfo));
struct alignas(cmsghdr) Control {
  std::array<char, kControlBytes> bytes;
};

// The address of this machine that a datagram came to; also where its answer may come from, so never a group's.
Address destination_of(msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      return Address::from_ip({reinterpret_cast<const std::uint8_t*>(&info.ipi_spec_dst), 4}, 0);
    }
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) return {};
      Address to = Address::from_ip({info.ipi6_addr.s6_addr, 16}, 0);
      if (!to.is_v4() && is_link_local(to)) to.scope = info.ipi6_ifindex;
      return to;
    }
  }
  return {};
}

// Makes `control` say which address a datagram is sent from.
void set_source(msghdr& header, Control& control, const SystemAddress& source) {
  const bool v6 = source.storage.ss_family == AF_INET6;
  control.bytes.fill(0);
  header.msg_control = control.bytes.data();
  header.msg_controllen = v6 ? CMSG_SPACE(sizeof(in6_pktinfo)) : CMSG_SPACE(sizeof(in_pktinfo));
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  if (v6) {
    in6_pktinfo info{};
    sockaddr_in6 address;
    std::memcpy(&address, &source.storage, sizeof address);
    info.ipi6_addr = address.sin6_addr;
    info.ipi6_ifindex = address.sin6_scope_id;
    part->cmsg_level = IPPROTO_IPV6;
    part->cmsg_type = IPV6_PKTINFO;
    part->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(part), &info, sizeof info);
  } else {
    in_pktinfo info{};
    sockaddr_in address;
    std::memcpy(&address, &source.storage, sizeof address);
    info.ipi_spec_dst = address.sin_addr;
    part->cmsg_level = IPPROTO_IP;
    part->cmsg_type = IP_PKTINFO;
    part->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(part), &info, sizeof info);
  }
}

}  // namespace

struct Udp::Incoming {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> parts{};
  std::array<sockaddr_storage, kBatch> senders{};
  std::array<Control, kBatch> controls{};
  // Left uninitialised: only pages that datagrams reach become real memory.
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t each;

  explicit Incoming(std::size_t datagram_bytes_max)
      : bytes(std::make_unique_for_overwrite<std::uint8_t[]>(kBatch * datagram_bytes_max)),
        each(datagram_bytes_max) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {bytes.get() + i * each, each};
      msghdr& header = headers[i].msg_hdr;
      header.msg_iov = &parts[i];
      header.msg_iovlen = 1;
      header.msg_name = &senders[i];
    }
  }
  // What the system overwrote with lengths of the batch before.
  void reset() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      msghdr& header = headers[i].msg_hdr;
      header.msg_namelen = sizeof senders[i];
      header.msg_control = controls[i].bytes.data();
      header.msg_controllen = kControlBytes;
      header.msg_flags = 0;
    }
  }
};

struct Udp::Outgoing {
  static constexpr std::size_t kBytes = 128u << 10;

  struct Ends {
    Address from, to;
  };
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> parts{};
  std::array<SystemAddress, kBatch> receivers{};
  std::array<Control, kBatch> controls{};
  std::array<Ends, kBatch> ends{};
  std::size_t count = 0;
  std::array<std::uint8_t, kBytes> bytes;
  std::size_t used = 0;
  std::vector<Ends> refused;  // not yet told
};

Udp::Udp(asio::io_context& loop, Fd fd, const Address& bind, DatagramHandler& handler, SocketCounters& counters,
         std::size_t datagram_bytes_max)
    : loop_(loop),
      socket_(loop, fd.release()),
      pause_(loop),
      family_(Family::of(bind)),
      handler_(&handler),
      counters_(counters),
      in_(std::make_unique<Incoming>(datagram_bytes_max)),
      out_(std::make_unique<Outgoing>()) {}

Udp::~Udp() = default;

void Udp::start() { wait(); }

void Udp::close() {
  if (closed_) return;
  closed_ = true;
  transmit();  // what a node said last still goes out
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
}

void Udp::wait() {
  if (closed_) return;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (self->closed_ || error == asio::error::operation_aborted) return;
                       const auto errors_before = self->counters_.receive_errors;
                       self->drain(kWakeMax);
                       if (error || self->counters_.receive_errors != errors_before) {
                         self->wait_after_error();
                       } else {
                         self->backoff_.reset();
                         self->wait();
                       }
                     });
}

void Udp::wait_after_error() {
  if (closed_) return;
  pause_.expires_after(backoff_.next());
  pause_.async_wait([self = shared_from_this()](const boost::system::error_code&) { self->wait(); });
}

std::size_t Udp::drain(std::size_t datagrams_max) {
  if (closed_ || draining_) return 0;
  draining_ = true;
  std::size_t taken = 0;
  while (taken < datagrams_max && receive_batch(taken)) {
  }
  draining_ = false;
  if (out_->count != 0) flush();
  return taken;
}

// False: nothing is left, or the socket was closed meanwhile.
bool Udp::receive_batch(std::size_t& taken) {
  in_->reset();
  const int got = ::recvmmsg(socket_.native_handle(), in_->headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (got < 0) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) ++counters_.receive_errors;
    return false;
  }
  const auto count = static_cast<std::size_t>(got);
  taken += count;
  for (std::size_t i = 0; i < count && !closed_; ++i) {
    msghdr& header = in_->headers[i].msg_hdr;
    if ((header.msg_flags & MSG_TRUNC) != 0) {
      ++counters_.datagrams_truncated;
      continue;
    }
    const auto* begin = in_->bytes.get() + i * in_->each;
    handler_->on_datagram(destination_of(header), from_system(in_->senders[i]), {begin, in_->headers[i].msg_len});
  }
  return count == kBatch && !closed_;
}

void Udp::send(const Address& from, const Address& to, ByteView bytes) {
  if (closed_) return;
  Outgoing& out = *out_;
  const SystemAddress receiver = to_system(to, family_);
  if (receiver.bytes == 0 || bytes.size() > Outgoing::kBytes) {
    ++counters_.datagrams_unsent;
    out.refused.push_back({from, to});
    request_flush();
    return;
  }
  if (out.count == kBatch || out.used + bytes.size() > Outgoing::kBytes) transmit();
  const std::size_t i = out.count++;
  if (!bytes.empty()) std::memcpy(out.bytes.data() + out.used, bytes.data(), bytes.size());
  out.parts[i] = {out.bytes.data() + out.used, bytes.size()};
  out.used += bytes.size();
  out.receivers[i] = receiver;
  out.ends[i] = {from, to};
  msghdr& header = out.headers[i].msg_hdr;
  header = {};
  header.msg_iov = &out.parts[i];
  header.msg_iovlen = 1;
  header.msg_name = out.receivers[i].get();
  header.msg_namelen = receiver.bytes;
  if (from.valid()) set_source(header, out.controls[i], to_system(from, family_));
  if (!draining_) request_flush();
}

void Udp::request_flush() {
  if (flush_requested_ || closed_) return;
  flush_requested_ = true;
  asio::post(loop_, [self = shared_from_this()] {
    self->flush_requested_ = false;
    self->flush();
  });
}

void Udp::flush() {
  if (closed_) return;
  transmit();
  // Failures told now may cause further sends; those and their failures wait for the next turn of the loop.
  const std::vector<Outgoing::Ends> refused = std::exchange(out_->refused, {});
  for (const auto& ends : refused) {
    if (closed_) return;
    handler_->on_send_failed(ends.from, ends.to);
  }
}

void Udp::transmit() {
  Outgoing& out = *out_;
  std::size_t sent = 0;
  while (sent < out.count) {
    const int done = ::sendmmsg(socket_.native_handle(), &out.headers[sent],
                                static_cast<unsigned>(out.count - sent), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done > 0) {
      sent += static_cast<std::size_t>(done);
      continue;
    }
    if (done < 0 && errno == EINTR) continue;
    // The error is that of the first one. A full send buffer is an error like others: the protocol lives with
    // loss, and a queue here would only make its probes late.
    ++counters_.datagrams_unsent;
    out.refused.push_back(out.ends[sent++]);
  }
  out.count = 0;
  out.used = 0;
  if (!out.refused.empty()) request_flush();
}

}  // namespace hearsay::net
