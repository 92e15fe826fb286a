// What is inside Serf's internal queries and their answers (Serf internal_query.go, keymanager.go, messages.go).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/byte_io.h"
#include "hearsay/member.h"
#include "wire/fault.h"

namespace hearsay::wire {

using base::ByteWriter;

// 7: payload of the key queries. Key (empty for list-keys).
struct KeyRequest {
  ByteView key;
};

// 8: Result, Message, Keys (base64), PrimaryKey (base64).
struct KeyResponse {
  bool result = false;
  std::string message;
  std::vector<std::string> keys;
  std::string primary;
};
inline constexpr std::size_t kKeysListedMax = 64;

// 6: a member as its peer knows it; the answer to "who has this name?".
struct ConflictResponse {
  std::string_view name;
  ByteView addr;
  std::uint16_t port = 0;
  Tags tags;
  std::uint8_t status = 0;  // Serf: 0 none, 1 alive, 2 leaving, 3 left, 4 failed
  Versions versions{};
};

// Each with Serf's type byte.
void encode(ByteWriter& out, const KeyRequest& message);
void encode(ByteWriter& out, const KeyResponse& message);
void encode(ByteWriter& out, const ConflictResponse& message);
// "I do not know that name": type 6 and nil.
void encode_unknown_member(ByteWriter& out);

Decoded<KeyRequest> decode_key_request(ByteView payload);
Decoded<KeyResponse> decode_key_response(ByteView payload);
// Tags are skipped. Who does not know the name answers nil: an empty address then.
Decoded<ConflictResponse> decode_conflict_response(ByteView payload);

// True when every filter of a query lets a node of this name, with the tags in this meta, pass. Filters by tags
// hold a Go regular expression (base/pattern.h has the part that we know). An unknown or undecodable filter, an
// expression that we do not know, and more than kTagFiltersMax of them let nobody pass.
inline constexpr std::size_t kTagFiltersMax = 8;
bool filters_pass(const std::vector<ByteView>& filters, std::string_view name, ByteView meta);

}  // namespace hearsay::wire
