#include "sim/traffic.h"

namespace hearsay::sim {

void TrafficMeter::add(Counted& sum, const Counters& counters, const Sent& sent) {
  for (std::size_t i = 0; i < kCounts; ++i) sum.counters.values[i] += counters.values[i];
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    sum.sent.kinds[i].messages += sent.kinds[i].messages;
    sum.sent.kinds[i].bytes += sent.kinds[i].bytes;
  }
}

void TrafficMeter::begin(const World& world) {
  for (Place place = 0; place < world.size(); ++place) {
    before_.emplace_back();
    if (world.is_up(place)) add(before_.back(), world.node(place));
    add(before_all_, before_.back().counters, before_.back().sent);
  }
}

void TrafficMeter::take(const World& world, Place place) {
  if (before_.size() < world.size()) before_.resize(world.size());
  add(gone_, world.node(place));
  subtract(gone_, before_[place]);
  gone_messages_ += world.node(place).counters()[Count::messages_in];
  subtract(before_all_, before_[place]);
  before_[place] = {};
}

void TrafficMeter::subtract(Counted& sum, const Counted& less) {
  for (std::size_t i = 0; i < kCounts; ++i) sum.counters.values[i] -= less.counters.values[i];
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    sum.sent.kinds[i].messages -= less.sent.kinds[i].messages;
    sum.sent.kinds[i].bytes -= less.sent.kinds[i].bytes;
  }
}

TrafficMeter::Counted TrafficMeter::sum(const World& world) const {
  Counted sum = gone_;
  for (Place place = 0; place < world.size(); ++place) {
    if (world.is_up(place)) add(sum, world.node(place));
  }
  subtract(sum, before_all_);
  return sum;
}

void TrafficMeter::count_from(const World& world) { from_ = sum(world); }

void TrafficMeter::count_until(const World& world) {
  if (!until_) until_ = sum(world);
}

void TrafficMeter::sample(const World& world, Duration clock) {
  const Counted all = sum(world);
  std::size_t up = 0;
  for (Place place = 0; place < world.size(); ++place) up += world.is_up(place) ? std::size_t{1} : 0;
  const auto grown = [&](Count count) { return all.counters[count] - last_.counters[count]; };
  TrafficSample sample;
  sample.to = clock;
  sample.node_s =
      std::chrono::duration<double>(clock - (samples_.empty() ? Duration{} : samples_.back().to)).count() *
      static_cast<double>(up);
  sample.datagram_bytes = grown(Count::datagram_bytes_out);
  sample.stream_bytes = grown(Count::stream_bytes_out);
  sample.datagrams = grown(Count::datagrams_out);
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    sample.sent.kinds[i].messages = all.sent.kinds[i].messages - last_.sent.kinds[i].messages;
    sample.sent.kinds[i].bytes = all.sent.kinds[i].bytes - last_.sent.kinds[i].bytes;
  }
  last_ = all;
  if (in_last_ > 0 && in_last_ < merged_) {
    samples_.back().merge(sample);
    ++in_last_;
    return;
  }
  if (samples_.size() == kSamplesMax) {
    for (std::size_t i = 0; i < kSamplesMax / 2; ++i) {
      samples_[2 * i].merge(samples_[2 * i + 1]);
      samples_[i] = samples_[2 * i];
    }
    samples_.resize(kSamplesMax / 2);
    merged_ *= 2;
  }
  samples_.push_back(sample);
  in_last_ = 1;
}

void TrafficMeter::end(const World& world, ClusterReport& report) {
  count_until(world);
  subtract(*until_, from_);
  report.counters = until_->counters;
  report.sent = until_->sent;
  report.messages = gone_messages_;
  for (Place place = 0; place < world.size(); ++place) {
    if (world.is_up(place)) report.messages += world.node(place).counters()[Count::messages_in];
  }
  report.traffic = std::move(samples_);
}

}  // namespace hearsay::sim
