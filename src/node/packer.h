// Messages -> packets: fits the budget, fills what is left with rumors, compresses, seals, labels.
#pragma once

#include <deque>
#include <vector>

#include "base/scratch.h"
#include "hearsay/action.h"
#include "hearsay/config.h"
#include "hearsay/sent.h"
#include "room/outbox.h"
#include "spread/rumor_queue.h"
#include "wire/envelope.h"

namespace hearsay::node {

// Buffers for the bytes of one input's actions. They keep their place and their capacity: in steady state nothing
// is allocated.
class Buffers {
 public:
  Bytes& next() {
    if (used_ == buffers_.size()) buffers_.emplace_back();
    Bytes& buffer = buffers_[used_++];
    buffer.clear();
    return buffer;
  }
  void recycle() {
    for (; used_ > 0; --used_) {
      base::recycle(buffers_[used_ - 1]);
    }
  }

 private:
  std::deque<Bytes> buffers_;
  std::size_t used_ = 0;
};

// The largest message that a gossip packet of this node can hold.
std::size_t rumor_bytes_max(const wire::Envelope& envelope, std::size_t packet_bytes);

class Packer {
 public:
  Packer(const Config& config, const wire::Envelope& envelope, spread::RumorQueue& rumors, Counters& counters)
      : config_(&config), envelope_(&envelope), rumors_(&rumors), counters_(&counters) {}

  // The packet for one datagram of the outbox; empty when there is nothing to send. `transmits` is how often a
  // rumor is told. The view points into `buffers`.
  ByteView pack(const room::Outbox& out, const room::Outbox::Datagram& datagram, unsigned transmits,
                Buffers& buffers);

  // A message that travels on a stream: it is not packed, but counts as sent.
  void count(ByteView message);
  const Sent& sent() const { return sent_; }

 private:
  const Config* config_;
  const wire::Envelope* envelope_;
  spread::RumorQueue* rumors_;
  Counters* counters_;
  std::vector<ByteView> parts_;
  Sent sent_;
  wire::SealScratch scratch_;
};

}  // namespace hearsay::node
