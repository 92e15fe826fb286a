// What the pages of messages between hearsay nodes share.
#pragma once

#include "base/byte_io.h"
#include "fuzz/fuzz.h"
#include "wire/fault.h"

namespace hearsay::fuzz {

// What hearsay nodes tell each other is written again as the bytes that were read.
template <class Message>
void again(const Bytes& bytes, const wire::Decoded<Message>& message) {
  if (!message) return;
  Bytes once;
  base::ByteWriter out(once);
  encode(out, *message);
  const ByteView body = ByteView(once).subspan(3);  // behind the types
  REQUIRE(body.size() <= bytes.size());
  REQUIRE(same(body, ByteView(bytes).first(body.size())));
}

}  // namespace hearsay::fuzz
