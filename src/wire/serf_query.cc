#include "wire/serf_query.h"

#include <algorithm>

#include "base/pattern.h"
#include "wire/messages.h"
#include "wire/msgpack.h"
#include "wire/serf.h"

namespace hearsay::wire {

namespace {

constexpr std::uint8_t kNodeFilter = 0;
constexpr std::uint8_t kTagFilter = 1;

// The body behind Serf's type byte, when it is this type.
Decoded<ByteView> body_of(ByteView payload, SerfType type) {
  if (payload.empty()) return tl::unexpected(Fault::truncated);
  if (payload[0] != static_cast<std::uint8_t>(type)) return tl::unexpected(Fault::unexpected);
  return payload.subspan(1);
}

bool names_pass(ByteView filter, std::string_view name) {
  MsgpackReader in(filter);
  for (std::uint64_t left = in.array(); left > 0 && in.ok(); --left) {
    std::string_view listed;
    in.read(listed);
    if (in.ok() && listed == name) return true;
  }
  return false;
}

// A tag that is not there counts as empty.
bool tag_passes(ByteView filter, ByteView meta) {
  std::string_view tag;
  std::string_view expression;
  MsgpackReader in(filter);
  in.record(field("Tag", tag), field("Expr", expression));
  if (!in.ok()) return false;
  const auto pattern = base::Pattern::compile(expression);
  if (!pattern) return false;
  const Tags tags = decode_tags(meta);
  const auto found = tags.find(tag);
  return pattern->found_in(found == tags.end() ? std::string_view() : std::string_view(found->second));
}

}  // namespace

void encode(ByteWriter& out, const KeyRequest& message) {
  auto map = begin_message(out, SerfType::key_request);
  map.map(1);
  map.text("Key");
  map.text(as_text(message.key));
}

void encode(ByteWriter& out, const KeyResponse& message) {
  auto map = begin_message(out, SerfType::key_response);
  map.map(4);
  map.text("Keys");
  if (message.keys.empty()) {
    map.nil();
  } else {
    map.array(message.keys.size());
    for (const auto& key : message.keys) map.text(key);
  }
  map.text("Message");
  map.text(message.message);
  map.text("PrimaryKey");
  map.text(message.primary);
  map.text("Result");
  map.boolean(message.result);
}

void encode(ByteWriter& out, const ConflictResponse& message) {
  auto map = begin_message(out, SerfType::conflict_response);
  const auto& v = message.versions;
  map.map(11);
  map.text("Addr");
  map.bytes(message.addr);
  map.text("DelegateCur");
  map.whole(v[5]);
  map.text("DelegateMax");
  map.whole(v[4]);
  map.text("DelegateMin");
  map.whole(v[3]);
  map.text("Name");
  map.text(message.name);
  map.text("Port");
  map.whole(message.port);
  map.text("ProtocolCur");
  map.whole(v[2]);
  map.text("ProtocolMax");
  map.whole(v[1]);
  map.text("ProtocolMin");
  map.whole(v[0]);
  map.text("Status");
  map.whole(message.status);
  map.text("Tags");
  map.map(message.tags.size());
  for (const auto& [key, value] : message.tags) {
    map.text(key);
    map.text(value);
  }
}

void encode_unknown_member(ByteWriter& out) { begin_message(out, SerfType::conflict_response).nil(); }

Decoded<KeyRequest> decode_key_request(ByteView payload) {
  const auto body = body_of(payload, SerfType::key_request);
  if (!body) return tl::unexpected(body.error());
  MsgpackReader in(*body);
  KeyRequest message;
  in.record(field("Key", message.key));
  if (!in.ok()) return tl::unexpected(in.fault());
  return message;
}

Decoded<KeyResponse> decode_key_response(ByteView payload) {
  const auto body = body_of(payload, SerfType::key_response);
  if (!body) return tl::unexpected(body.error());
  MsgpackReader in(*body);
  KeyResponse message;
  std::string_view text;
  std::string_view primary;
  in.record(field("Result", message.result), field("Message", text),
            field("Keys",
                  [&](MsgpackReader& list) {
                    message.keys.clear();
                    for (std::uint64_t left = list.array(); left > 0 && list.ok(); --left) {
                      std::string_view key;
                      list.read(key);
                      if (message.keys.size() >= kKeysListedMax) return list.fail(Fault::too_large);
                      if (list.ok()) message.keys.emplace_back(key);
                    }
                  }),
            field("PrimaryKey", primary));
  if (!in.ok()) return tl::unexpected(in.fault());
  message.message = text;
  message.primary = primary;
  return message;
}

Decoded<ConflictResponse> decode_conflict_response(ByteView payload) {
  const auto body = body_of(payload, SerfType::conflict_response);
  if (!body) return tl::unexpected(body.error());
  MsgpackReader in(*body);
  ConflictResponse message;
  in.record(field("Name", message.name), field("Addr", message.addr), field("Port", message.port));
  if (!in.ok()) return tl::unexpected(in.fault());
  return message;
}

bool filters_pass(const std::vector<ByteView>& filters, std::string_view name, ByteView meta) {
  std::size_t tag_filters = 0;
  return std::ranges::all_of(filters, [&](ByteView filter) {
    if (filter.empty()) return false;
    if (filter[0] == kNodeFilter) return names_pass(filter.subspan(1), name);
    return filter[0] == kTagFilter && ++tag_filters <= kTagFiltersMax && tag_passes(filter.subspan(1), meta);
  });
}

}  // namespace hearsay::wire
