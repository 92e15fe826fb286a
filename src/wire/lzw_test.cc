#include "wire/lzw.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <map>

#include "support/vectors.h"

namespace hearsay::wire {
namespace {

using tests::to_hex;

Bytes compressed(ByteView plain) {
  Bytes packed;
  compress_lzw(plain, packed);
  return packed;
}
Decoded<Bytes> inflated(ByteView packed, std::size_t max = 1u << 20) {
  Bytes plain;
  if (const auto result = inflate_lzw(packed, max, plain); !result) {
    EXPECT_TRUE(plain.empty());
    return tl::unexpected(result.error());
  }
  return plain;
}
std::uint32_t crc(ByteView bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

// ---- slow and obvious: codes as numbers, strings as strings ----

struct Coded {
  std::uint32_t code;
  unsigned width;
};
Bytes packed_codes(const std::vector<Coded>& codes) {
  std::vector<bool> bits;
  for (const Coded& c : codes) {
    for (unsigned i = 0; i < c.width; ++i) bits.push_back((c.code >> i & 1u) != 0);
  }
  Bytes bytes((bits.size() + 7) / 8);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 1u << (i % 8));
  }
  return bytes;
}
Bytes reference_compress(const std::string& plain) {
  std::map<std::string, std::uint32_t> table;
  std::vector<Coded> codes = {{256, 9}};
  std::uint32_t hi = 257;
  unsigned width = 9;
  std::string current;
  const auto code_of = [&](const std::string& s) {
    return s.size() == 1 ? static_cast<std::uint8_t>(s[0]) : table.at(s);
  };
  const auto write = [&](const std::string* added) {
    codes.push_back({code_of(current), width});
    if (++hi == 1u << width) ++width;
    if (hi == 4095) {
      codes.push_back({256, width});
      hi = 257;
      width = 9;
      table.clear();
    } else if (added != nullptr) {
      table[*added] = hi;
    }
  };
  for (const char c : plain) {
    const std::string longer = current + c;
    if (longer.size() == 1 || table.count(longer) != 0) {
      current = longer;
    } else {
      write(&longer);
      current = std::string(1, c);
    }
  }
  if (!current.empty()) write(nullptr);
  codes.push_back({257, width});
  return packed_codes(codes);
}

TEST(Lzw, writes_what_go_writes_and_reads_it) {
  const auto rows = tests::read_vectors("go-msgpack.txt");
  for (const auto& [name, plain] : std::map<std::string, std::string>{{"lzw empty", ""},
                                                                      {"lzw a", "a"},
                                                                      {"lzw tobeornot", "TOBEORNOTTOBEORTOBEORNOT"},
                                                                      {"lzw 40 a", std::string(40, 'a')}}) {
    EXPECT_EQ(to_hex(compressed(as_bytes(plain))), to_hex(rows.at(name))) << name;
    EXPECT_EQ(inflated(rows.at(name)).value_or(Bytes{1}), to_bytes(as_bytes(plain))) << name;
  }
}

TEST(Lzw, a_long_input_with_clears_equals_go) {
  // 20000 bytes of the generator x = x * 1103515245 + 12345 from 12345; the checksums are those of Go's bytes.
  Bytes plain;
  std::uint32_t x = 12345;
  for (int i = 0; i < 20000; ++i) {
    x = x * 1103515245u + 12345u;
    plain.push_back(static_cast<std::uint8_t>(x >> 16));
  }
  ASSERT_EQ(crc(plain), 0xc96abe89u);
  const Bytes packed = compressed(plain);
  EXPECT_EQ(packed.size(), 27374u);
  EXPECT_EQ(crc(packed), 0x0470ec52u);
  EXPECT_EQ(inflated(packed).value_or(Bytes()), plain);
}

RC_GTEST_PROP(Lzw, equals_the_reference, ()) {
  // Few letters, so that strings repeat; long enough for the codes to grow and to be used up.
  const auto letters = *rc::gen::inRange(1, 256);
  const auto size = *rc::gen::inRange<std::size_t>(0, 30000);
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  std::string plain;
  std::uint32_t x = seed;
  while (plain.size() < size) {
    x = x * 1664525u + 1013904223u;
    plain += static_cast<char>((x >> 16) % static_cast<unsigned>(letters));
  }
  const Bytes packed = compressed(as_bytes(plain));
  RC_ASSERT(packed == reference_compress(plain));
  RC_ASSERT(inflated(packed).value_or(Bytes{1}) == to_bytes(as_bytes(plain)));
}

TEST(Lzw, output_is_appended) {
  for (const char* text : {"abababab", "babababa", "", "the same again", "the same again"}) {
    Bytes packed = {9};
    compress_lzw(as_bytes(text), packed);
    EXPECT_EQ(to_hex(ByteView(packed).subspan(1)), to_hex(compressed(as_bytes(text))));
    Bytes plain = {7};
    ASSERT_TRUE(inflate_lzw(ByteView(packed).subspan(1), 100, plain));
    EXPECT_EQ(plain[0], 7);
    EXPECT_EQ(as_text(ByteView(plain).subspan(1)), text);
    EXPECT_FALSE(inflate_lzw(ByteView(packed).subspan(1, 1), 100, plain));
  }
}

TEST(Lzw, every_truncation_is_refused) {
  const Bytes packed = compressed(as_bytes("TOBEORNOTTOBEORTOBEORNOT"));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Bytes exact(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(inflated(exact).error(), Fault::truncated) << size;
  }
}

TEST(Lzw, a_code_that_cannot_be_yet_is_malformed) {
  EXPECT_EQ(inflated(packed_codes({{256, 9}, {258, 9}, {257, 9}})).error(), Fault::malformed);
  EXPECT_EQ(inflated(packed_codes({{256, 9}, {'a', 9}, {259, 9}, {257, 9}})).error(), Fault::malformed);
  EXPECT_EQ(inflated(packed_codes({{256, 9}, {'a', 9}, {258, 9}, {257, 9}})).value_or(Bytes()),
            to_bytes(as_bytes("aaa")));
}

TEST(Lzw, the_clear_at_the_beginning_is_optional_and_clears_may_come_at_any_time) {
  EXPECT_EQ(inflated(packed_codes({{'a', 9}, {258, 9}, {257, 9}})).value_or(Bytes()), to_bytes(as_bytes("aaa")));
  EXPECT_EQ(inflated(packed_codes({{256, 9}, {256, 9}, {'a', 9}, {256, 9}, {'b', 9}, {257, 9}})).value_or(Bytes()),
            to_bytes(as_bytes("ab")));
  EXPECT_EQ(inflated(packed_codes({{'a', 9}, {256, 9}, {258, 9}, {257, 9}})).error(), Fault::malformed);
}

TEST(Lzw, an_encoder_that_never_clears_is_understood) {
  // The table fills up with strings of a's, code 4095 included, and then stays as it is.
  std::vector<Coded> codes = {{'a', 9}};
  std::size_t expected = 1;
  std::uint32_t hi = 258;
  unsigned width = 9;
  for (std::uint32_t code = 258; code <= 4095; ++code) {
    codes.push_back({code, width});
    expected += code - 256;
    if (++hi == 1u << width && width < 12) ++width;
  }
  for (const std::uint32_t code : {4095u, 258u, 4095u}) {
    codes.push_back({code, width});
    expected += code - 256;
  }
  codes.push_back({257, width});
  const auto plain = inflated(packed_codes(codes), 10u << 20);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->size(), expected);
  EXPECT_EQ(std::count(plain->begin(), plain->end(), 'a'), static_cast<std::ptrdiff_t>(expected));
}

TEST(Lzw, the_plain_form_is_bounded) {
  const Bytes packed = compressed(Bytes(100000, 'x'));
  EXPECT_LT(packed.size(), 1000u);
  EXPECT_EQ(inflated(packed, 99999).error(), Fault::too_large);
  EXPECT_EQ(inflated(packed, 100000)->size(), 100000u);
  EXPECT_EQ(inflated(compressed(as_bytes("a")), 0).error(), Fault::too_large);
}

}  // namespace
}  // namespace hearsay::wire
