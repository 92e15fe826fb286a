// A whole node goes on whatever comes, within its bounds, and the same inputs lead to the same state.
//
// The first byte chooses the configuration. Then come steps: one byte that says what happens, the low half of the
// next chooses to whom or from whom, and what follows is read as the step needs it; an input that ends early ends
// the run. The node has four members from the start. What it sends is read, so that acks can have the numbers of
// its pings; what it dials may be answered. In the heartbeat family, what members say are its messages.
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "hearsay/node.h"
#include "room/outbox.h"
#include "wire/envelope.h"
#include "wire/heartbeat.h"
#include "wire/memberlist.h"

using namespace hearsay;

namespace {

constexpr std::size_t kStepsMax = 400;
constexpr std::size_t kInputMax = 16u << 10;
constexpr std::uint32_t kMembersMax = 24;
constexpr Versions kVersions{1, 5, 2, 2, 5, 5};

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_[0];
    rest_ = rest_.subspan(1);
    return first;
  }
  std::uint16_t two() {
    const auto high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  // A length in two bytes, then as many as there are of it.
  ByteView bytes() {
    const std::size_t size = std::min<std::size_t>(two(), rest_.size());
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

 private:
  ByteView rest_;
};

Address address_of(unsigned choice) {
  constexpr std::uint8_t kSix[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9};
  if (choice % 16 == 15) return Address::from_ip(kSix, 7946);
  const std::uint8_t ip[] = {10, 0, 0, static_cast<std::uint8_t>(choice % 16 + 1)};
  return Address::from_ip(ip, 7946);
}
// n1 is the node itself.
std::string name_of_member(unsigned choice) { return "n" + std::to_string(choice % 64 + 1); }

// Large, and of no meaning between runs.
wire::SealScratch scratch;
wire::OpenedDatagram opened;

class Play {
 public:
  explicit Play(unsigned choice) {
    config_.name = "n1";
    config_.advertise = address_of(0);
    config_.tags = {{"role", "fuzz"}};
    config_.limits.members_max = kMembersMax;
    config_.limits.rumors_max = 64;
    config_.limits.rumor_bytes_max = 64u << 10;
    config_.limits.history_bytes_max = 16u << 10;
    config_.limits.streams_max = 8;
    config_.limits.stream_bytes_max = 64u << 10;
    config_.limits.inflated_bytes_max = 64u << 10;
    config_.limits.pushed_nodes_max = 4096;
    config_.serf.forget_after = std::chrono::minutes(2);
    config_.serf.tombstone_timeout = std::chrono::minutes(1);
    if ((choice & 1) != 0) config_.crypto.keys = {Bytes(16, 0), Bytes(32, 7)};
    config_.crypto.save_keys = true;
    if ((choice & 2) != 0) config_.crypto.verify_incoming = false;
    if ((choice & 4) != 0) config_.label = "blue";
    if ((choice & 8) != 0) config_.compression = false;
    if ((choice & 16) != 0) config_.contact.seeds = {"10.0.0.9", "seed.example:7000"};
    if ((choice & 32) != 0) config_.first_incarnation = Incarnation{0xf000'0000u};
    if ((choice & 128) != 0) {
      config_.family = Family::heartbeat;
      config_.heartbeat.verdict = (choice & 8) != 0 ? VerdictRule::majority : VerdictRule::own;
      config_.heartbeat.mode = (choice & 16) != 0 ? ExchangeMode::push_pull : ExchangeMode::digest;
    }
    for (unsigned member = 1; member <= 4; ++member) {
      known_.emplace_back().name = name_of_member(member);
      known_.back().address = address_of(member);
      known_.back().incarnation = Incarnation{1};
    }
    resources_.known = known_;
    envelope_.label = config_.label;
    for (const auto& key : config_.crypto.keys) envelope_.keyring.add(key);
    envelope_.aead = resources_.aead = &aead_;
    envelope_.nonces = resources_.nonces = &nonces_;
    resources_.seed = 7;
    auto made = Node::create(config_, resources_, now());
    REQUIRE(made);
    node_ = std::move(*made);
    perform();
  }

  void step(Reader& in) {
    const unsigned what = in.byte();
    const unsigned who = in.byte();
    switch (what % 16) {
      case 0:
        return datagram(address_of(who), in.bytes());
      case 1:
        return message(address_of(who), in.bytes());
      case 2: {
        const unsigned subject = in.byte();
        const std::uint32_t incarnation = in.two();
        return alive(subject, incarnation, address_of(subject + (who >> 4)), in.bytes());
      }
      case 3: {
        const unsigned subject = in.byte();
        const std::uint32_t incarnation = in.two();
        return accuse(subject, who, incarnation, (who & 0x80) != 0);
      }
      case 4:
        return acknowledge(who);
      case 5:
        return pass(std::chrono::milliseconds(in.two()));
      case 6:
        return pass(std::chrono::milliseconds(100) * in.two());
      case 7:
        return open_stream(address_of(who));
      case 8:
        return stream_data(who, in.bytes(), false);
      case 9:
        return stream_data(who, in.bytes(), true);
      case 10:
        return close_stream(who);
      case 11:
        return answer_dial(who, in.byte());
      case 12:
        return table(who, in);
      case 13:
        return command(who, in);
      case 14:
        return reply(who);
      default:
        node_->on_send_failed(now(), address_of(who));
        return perform();
    }
  }

  // At the end: everything can be read and is within its bounds.
  std::uint64_t finish() {
    pass(std::chrono::seconds(3));
    const NodeInfo info = node_->info();
    REQUIRE(!info.defunct);
    REQUIRE(node_->members().size() <= kMembersMax);
    REQUIRE(info.rumors_queued <= config_.limits.rumors_max);
    REQUIRE(info.rumor_bytes_queued <= config_.limits.rumor_bytes_max);
    for (const Notice& notice : node_->history()) REQUIRE(describe(notice).find('\n') == std::string::npos);
    return node_->state_hash();
  }

 private:
  Now now() const { return {steady_, WallTime{} + (steady_ - Time{})}; }

  void perform() {
    const auto actions = node_->actions();
    REQUIRE(actions.size() <= room::kDatagramsMax + 4096);
    for (const Action& action : actions) {
      if (const auto* send = std::get_if<SendDatagram>(&action)) {
        REQUIRE(send->to.valid() && !send->bytes.empty() && send->bytes.size() <= config_.packet_bytes);
        read(*send);
      } else if (const auto* open = std::get_if<OpenStream>(&action)) {
        REQUIRE(open->stream.value % 2 == 0 && open->to.valid() && open->deadline > steady_);
        REQUIRE(dialled_.insert(open->stream).second);
      } else if (const auto* close = std::get_if<CloseStream>(&action)) {
        dialled_.erase(close->stream);
        accepted_.erase(close->stream);
      } else if (const auto* resolve = std::get_if<ResolveName>(&action)) {
        calls_.push_back(resolve->call);
      } else if (const auto* save = std::get_if<SaveKeys>(&action)) {
        REQUIRE(save->keys.size() <= wire::Keyring::kKeysMax && !save->keys.empty() && saves_.empty());
        saves_.push_back(*save);
      } else if (const auto* notify = std::get_if<Notify>(&action)) {
        REQUIRE(!std::holds_alternative<Defunct>(notify->notice.body));
      }
    }
  }

  // Remembers the latest ping to each address, and the number of the latest echo.
  void read(const SendDatagram& send) {
    REQUIRE(wire::open_datagram(envelope_, send.bytes, opened) || !envelope_.verify_incoming);
    for (const ByteView part : opened.messages) {
      const auto decoded = wire::decode_datagram_message(part);
      REQUIRE(decoded);
      if (const auto* ping = std::get_if<wire::Ping>(&*decoded)) pinged_[send.to] = ping->seq;
      const auto* user = std::get_if<wire::User>(&*decoded);
      if (user == nullptr || !is_heartbeat()) continue;
      REQUIRE(user->payload.size() > 2 && user->payload[0] == wire::kHearsayUserType);
      if (!wire::is_heartbeat(static_cast<wire::HearsayType>(user->payload[1]))) continue;
      wire::Heartbeat message;
      REQUIRE(wire::decode_heartbeat(user->payload.subspan(2), message));
      if (message.number != 0) numbers_ = message.number;
    }
  }

  void datagram(const Address& from, ByteView bytes) {
    const Bytes exact = fuzz::exact(bytes);
    node_->on_datagram(now(), from, exact);
    perform();
  }
  // Wrapped as a member would.
  void message(const Address& from, ByteView bytes) {
    if (bytes.empty()) return;
    const ByteView parts[] = {bytes};
    Bytes packet;
    if (wire::seal_datagram(envelope_, parts, false, false, scratch, packet)) datagram(from, packet);
  }
  template <class Message>
  void tell(const Address& from, const Message& content) {
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, content);
    message(from, bytes);
  }
  bool is_heartbeat() const { return config_.family == Family::heartbeat; }
  // A message of the heartbeat family, of the kind that `kind` chooses, from `sender` at its address.
  void beat(unsigned sender, unsigned kind, wire::Heartbeat message) {
    constexpr auto kFirst = static_cast<unsigned>(wire::HearsayType::beats);
    constexpr auto kLast = static_cast<unsigned>(wire::HearsayType::refused);
    const std::string name = name_of_member(sender);
    message.type = static_cast<wire::HearsayType>(kFirst + kind % (kLast - kFirst + 1));
    message.sender = name;
    message.sequence = ++sequence_;
    message.number = numbers_ > 0 ? numbers_ : kind;
    tell(address_of(sender), message);
  }
  void alive(unsigned subject, std::uint32_t incarnation, const Address& address, ByteView meta) {
    const std::string name = name_of_member(subject);
    if (meta.size() > kMetaBytesMax) return;
    if (is_heartbeat()) {
      wire::Heartbeat message;
      message.generation = Incarnation{incarnation};
      message.entries.push_back({name, Incarnation{incarnation}, ++sequence_,
                                 static_cast<std::uint32_t>(meta.size()), (incarnation & 0x100) != 0,
                                 (incarnation & 0x200) == 0, address.ip_view(), address.port, kVersions, meta});
      return beat(subject, meta.empty() ? 0 : meta[0], std::move(message));
    }
    tell(address_of(subject),
         wire::Alive{Incarnation{incarnation}, name, address.ip_view(), address.port, meta, kVersions});
  }
  void accuse(unsigned subject, unsigned accuser, std::uint32_t incarnation, bool dead) {
    const std::string name = name_of_member(subject);
    const std::string from = name_of_member(accuser & 0xf);
    const Address sender = address_of(accuser);
    if (is_heartbeat()) {
      wire::Heartbeat message;
      message.generation = Incarnation{1};
      message.opinions.push_back({from, name, Incarnation{incarnation}, ++sequence_, dead});
      return beat(accuser & 0xf, 0, std::move(message));
    }
    if (dead) return tell(sender, wire::Dead{Incarnation{incarnation}, name, from});
    tell(sender, wire::Suspect{Incarnation{incarnation}, name, from});
  }
  // One of those that were pinged answers, or says that it got no answer.
  void acknowledge(unsigned who) {
    if (pinged_.empty()) return;
    auto found = pinged_.begin();
    std::advance(found, (who & 0xf) % pinged_.size());
    const auto [address, seq] = *found;
    if ((who & 0x80) != 0) return tell(address, wire::Nack{seq});
    const Bytes extension(14, static_cast<std::uint8_t>(who));
    tell(address, wire::Ack{seq, {}, extension});
  }
  void pass(Duration duration) {
    // From deadline to deadline, some of them missed: as a driver that is late now and then.
    const Time end = steady_ + duration;
    for (int i = 0; i < 40 && node_->next_deadline() <= end; ++i) {
      steady_ = std::max(steady_, node_->next_deadline());
      node_->on_time(now());
      perform();
    }
    steady_ = end;
    node_->on_time(now());
    perform();
  }

  static StreamId pick(const std::set<StreamId>& streams, unsigned who) {
    auto found = streams.begin();
    std::advance(found, who % streams.size());
    return *found;
  }
  void open_stream(const Address& from) {
    const StreamId stream{streams_ += 2};
    accepted_.insert(stream);
    node_->on_stream(now(), StreamOpened{stream, from, true});
    perform();
  }
  void feed(StreamId stream, ByteView bytes) {
    const Bytes exact = fuzz::exact(bytes);
    node_->on_stream(now(), StreamData{stream, exact});
    perform();
  }
  void stream_data(unsigned who, ByteView bytes, bool sealed) {
    if (accepted_.empty()) return;
    const StreamId stream = pick(accepted_, who);
    if (!sealed) return feed(stream, bytes);
    Bytes frame;
    if (!bytes.empty() && wire::seal_stream(envelope_, bytes, true, scratch, frame)) feed(stream, frame);
  }
  void close_stream(unsigned who) {
    if (accepted_.empty()) return;
    const StreamId stream = pick(accepted_, who);
    accepted_.erase(stream);
    node_->on_stream(now(), StreamClosed{stream, (who & 0x80) != 0 ? "reset" : ""});
    perform();
  }
  void answer_dial(unsigned who, unsigned how) {
    if (dialled_.empty()) return;
    const StreamId stream = pick(dialled_, who);
    if (how % 4 == 0) {
      dialled_.erase(stream);
      node_->on_stream(now(), StreamFailed{stream, "refused"});
      return perform();
    }
    if (how % 4 == 1) {
      dialled_.erase(stream);
      node_->on_stream(now(), StreamClosed{stream, ""});
      return perform();
    }
    node_->on_stream(now(), StreamOpened{stream, address_of(who), false});
    perform();
    if (how % 4 == 3) node_->on_stream(now(), StreamWritable{stream});
    perform();
  }
  // A table of up to 15 members, as a request or as the answer to what the node dialled.
  void table(unsigned who, Reader& in) {
    std::deque<std::string> names;
    std::deque<Address> addresses;
    wire::PushPull table;
    const unsigned shape = in.byte();
    table.join = (shape & 0x10) != 0;
    for (unsigned i = 0; i < (shape & 0xf); ++i) {
      const unsigned subject = in.byte();
      const unsigned state = in.byte();
      const auto& name = names.emplace_back(name_of_member(subject));
      const auto& address = addresses.emplace_back(address_of(subject + (state >> 6)));
      table.nodes.push_back({name,
                             address.ip_view(),
                             address.port,
                             {},
                             Incarnation{in.two()},
                             static_cast<wire::NodeState>(state % 8),
                             kVersions});
    }
    table.user_state = in.bytes();
    Bytes bytes;
    base::ByteWriter writer(bytes);
    wire::encode(writer, table);
    const bool answer = (shape & 0x20) != 0;
    auto& streams = answer ? dialled_ : accepted_;
    if (streams.empty()) return;
    Bytes frame;
    if (wire::seal_stream(envelope_, bytes, !answer, scratch, frame)) feed(pick(streams, who), frame);
  }
  void command(unsigned who, Reader& in) {
    const CommandId id{++commands_};
    switch (who % 4) {
      case 0:
        node_->on_command(now(), Join{id, {to_string(address_of(who >> 4)), "somewhere.example"}});
        break;
      case 1:
        node_->on_command(now(), Leave{id});
        break;
      case 2:
        node_->on_command(now(), Join{id, {}});
        break;
      default:
        if ((who & 0x80) != 0) {
          const auto action = static_cast<KeyAction>(who >> 4 & 3);
          node_->on_command(now(), ManageKeys{id, action, to_bytes(in.bytes()), (who & 0x40) != 0});
          break;
        }
        node_->on_command(now(), SetTags{id, {{"key", std::string(as_text(in.bytes()))}}});
        break;
    }
    perform();
  }
  // The disk has kept the keys, or has not.
  void saved(bool fault) {
    const SaveKeys save = saves_.front();
    saves_.clear();
    if (!fault) {
      envelope_.keyring = {};
      for (const Bytes& key : save.keys) envelope_.keyring.add(key);
    }
    node_->on_reply(now(), save.call, Saved{fault ? "full" : ""});
    perform();
  }
  void reply(unsigned who) {
    if ((who & 8) != 0 && !saves_.empty()) return saved((who & 0x80) != 0);
    if (calls_.empty()) return;
    const CallId call = calls_.front();
    calls_.pop_front();
    Resolved resolved;
    for (unsigned i = 0; i < (who >> 4); ++i) resolved.addresses.push_back(address_of(who + i));
    node_->on_reply(now(), call, resolved);
    perform();
  }

  Config config_ = Config::of(Profile::local);
  Resources resources_;
  fuzz::GlassAead aead_;
  fuzz::ZeroNonces nonces_;
  wire::Envelope envelope_;
  std::vector<Member> known_;
  std::uint64_t sequence_ = 0;  // of what members of the heartbeat family say
  std::uint64_t numbers_ = 0;
  Time steady_{std::chrono::seconds(1000)};
  std::unique_ptr<Node> node_;
  std::map<Address, SeqNo> pinged_;
  std::set<StreamId> dialled_;
  std::set<StreamId> accepted_;
  std::deque<CallId> calls_;
  std::vector<SaveKeys> saves_;  // one at a time
  std::uint64_t streams_ = 1;
  std::uint64_t commands_ = 0;
};

std::uint64_t play(ByteView input) {
  Reader in(input);
  Play node(in.byte());
  for (std::size_t steps = 0; steps < kStepsMax && !in.empty(); ++steps) node.step(in);
  return node.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kInputMax) return 0;
  const ByteView input(data, size);
  const std::uint64_t state = play(input);
  if ((data[0] & 64) != 0) REQUIRE(play(input) == state);
  return 0;
}
