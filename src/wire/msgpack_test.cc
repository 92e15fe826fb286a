#include "wire/msgpack.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/vectors.h"

namespace hearsay::wire {
namespace {

using tests::from_hex;
using tests::to_hex;

template <class Write>
std::string written(Write write) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  MsgpackWriter writer(out);
  write(writer);
  writer.flush();
  return to_hex(bytes);
}

template <class T>
Decoded<T> read_one(const Bytes& bytes) {
  MsgpackReader in(bytes);
  T value{};
  in.read(value);
  if (!in.ok()) return tl::unexpected(in.fault());
  EXPECT_TRUE(in.rest().empty());
  return value;
}
template <class T>
Decoded<T> read_one(std::string_view hex) {
  return read_one<T>(from_hex(hex));
}

TEST(MsgpackWriter, integers_take_the_smallest_unsigned_form) {
  const auto whole = [](std::uint64_t v) { return written([v](MsgpackWriter& w) { w.whole(v); }); };
  EXPECT_EQ(whole(0), "00");
  EXPECT_EQ(whole(127), "7f");
  EXPECT_EQ(whole(128), "cc80");
  EXPECT_EQ(whole(255), "ccff");
  EXPECT_EQ(whole(256), "cd0100");
  EXPECT_EQ(whole(65535), "cdffff");
  EXPECT_EQ(whole(65536), "ce00010000");
  EXPECT_EQ(whole(UINT32_MAX), "ceffffffff");
  EXPECT_EQ(whole(1ull << 32), "cf0000000100000000");
}

TEST(MsgpackWriter, negative_integers_take_the_smallest_signed_form) {
  const auto integer = [](std::int64_t v) { return written([v](MsgpackWriter& w) { w.integer(v); }); };
  EXPECT_EQ(integer(200), "ccc8");
  EXPECT_EQ(integer(-1), "ff");
  EXPECT_EQ(integer(-32), "e0");
  EXPECT_EQ(integer(-33), "d0df");
  EXPECT_EQ(integer(-128), "d080");
  EXPECT_EQ(integer(-129), "d1ff7f");
  EXPECT_EQ(integer(-32769), "d2ffff7fff");
  EXPECT_EQ(integer(INT64_MIN), "d38000000000000000");
}

TEST(MsgpackWriter, text_and_bytes_use_the_old_raw_family_only) {
  const auto head = [](std::size_t n) { return written([n](MsgpackWriter& w) { w.raw_head(n); }); };
  EXPECT_EQ(head(0), "a0");
  EXPECT_EQ(head(31), "bf");
  EXPECT_EQ(head(32), "da0020");
  EXPECT_EQ(head(65535), "daffff");
  EXPECT_EQ(head(65536), "db00010000");
  EXPECT_EQ(written([](MsgpackWriter& w) { w.bytes({}); }), "c0");
  EXPECT_EQ(written([](MsgpackWriter& w) { w.text(""); }), "a0");
}

TEST(MsgpackReader, all_raw_families_are_taken) {
  for (const char* hex : {"a3616263", "d903616263", "da0003616263", "db00000003616263", "c403616263",
                          "c50003616263", "c600000003616263"}) {
    const Bytes bytes = from_hex(hex);
    EXPECT_EQ(read_one<std::string_view>(bytes).value_or(""), "abc") << hex;
  }
  EXPECT_EQ(read_one<std::string_view>("c0").value_or("x"), "");
  const Bytes array = from_hex("93010203");
  EXPECT_EQ(to_hex(read_one<ByteView>(array).value_or(ByteView())), "010203");
  EXPECT_EQ(read_one<ByteView>("92cc80cc81").error(), Fault::malformed);
}

TEST(MsgpackReader, integers_of_any_width_and_sign_family_are_taken) {
  for (const char* hex : {"05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005",
                          "d200000005", "d30000000000000005"}) {
    EXPECT_EQ(read_one<std::uint32_t>(hex).value_or(0), 5u) << hex;
    EXPECT_EQ(read_one<std::int64_t>(hex).value_or(0), 5) << hex;
  }
  EXPECT_EQ(read_one<std::int64_t>("d0ff").value_or(0), -1);
  EXPECT_EQ(read_one<std::int64_t>("e0").value_or(0), -32);
  EXPECT_EQ(read_one<std::uint16_t>("c0").value_or(1), 0u);
}

TEST(MsgpackReader, numbers_that_do_not_fit_are_malformed) {
  EXPECT_EQ(read_one<std::uint16_t>("ce00010000").error(), Fault::malformed);
  EXPECT_EQ(read_one<std::uint64_t>("ff").error(), Fault::malformed);
  EXPECT_EQ(read_one<std::uint64_t>("d0ff").error(), Fault::malformed);
  EXPECT_EQ(read_one<std::int64_t>("cfffffffffffffffff").error(), Fault::malformed);
  EXPECT_EQ(read_one<std::uint32_t>("a0").error(), Fault::malformed);
  EXPECT_EQ(read_one<std::uint32_t>("c1").error(), Fault::malformed);
}

TEST(MsgpackReader, booleans_come_from_zero_and_one_too) {
  EXPECT_EQ(read_one<bool>("c3").value_or(false), true);
  EXPECT_EQ(read_one<bool>("01").value_or(false), true);
  EXPECT_EQ(read_one<bool>("00").value_or(true), false);
  EXPECT_EQ(read_one<bool>("c0").value_or(true), false);
  EXPECT_EQ(read_one<bool>("02").error(), Fault::malformed);
}

TEST(MsgpackReader, reals_come_from_integers_too) {
  EXPECT_EQ(read_one<double>("cb3ff8000000000000").value_or(0), 1.5);
  EXPECT_EQ(read_one<double>("ca3fc00000").value_or(0), 1.5);
  EXPECT_EQ(read_one<double>("05").value_or(0), 5.0);
  EXPECT_EQ(read_one<double>("ff").value_or(0), -1.0);
  EXPECT_EQ(read_one<double>("a0").error(), Fault::malformed);
}

TEST(MsgpackReader, a_recorded_coordinate_is_read_and_written_alike) {
  const Bytes bytes = tests::read_vectors("go-msgpack.txt").at("coordinate");
  MsgpackReader in(ByteView(bytes).subspan(1));
  double adjustment = 1;
  double error = 0;
  double height = 0;
  std::uint64_t dimensions = 0;
  in.record(field("Vec",
                  [&](MsgpackReader& list) {
                    dimensions = list.array();
                    double value = 1;
                    for (std::uint64_t i = 0; i < dimensions; ++i) list.read(value);
                  }),
            field("Error", error), field("Adjustment", adjustment), field("Height", height));
  ASSERT_TRUE(in.ok());
  EXPECT_EQ(dimensions, 8u);
  const std::string again = written([&](MsgpackWriter& w) {
    w.byte(1);
    w.map(4);
    w.text("Adjustment");
    w.real(adjustment);
    w.text("Error");
    w.real(error);
    w.text("Height");
    w.real(height);
    w.text("Vec");
    w.array(dimensions);
    for (std::uint64_t i = 0; i < dimensions; ++i) w.real(0);
  });
  EXPECT_EQ(again, to_hex(bytes));
}

struct Pair {
  std::uint32_t first = 0;
  std::string_view second;
};
Decoded<Pair> read_pair(const Bytes& bytes) {
  MsgpackReader in(bytes);
  Pair pair;
  in.record(field("First", pair.first), field("Second", pair.second));
  if (!in.ok()) return tl::unexpected(in.fault());
  EXPECT_TRUE(in.rest().empty());
  return pair;
}

TEST(MsgpackRecord, fields_come_in_any_order_and_unknown_ones_of_any_type_are_skipped) {
  const std::string first = "a5466972737407";
  const std::string second = "a65365636f6e64a3616263";
  for (const std::string unknown :
       {"c0", "c2", "07", "ff", "ca3fc00000", "cb3ff8000000000000", "a3616263", "c403616263", "930102a0",
        "82a161920102a16280", "d40500", "d80500000000000000000000000000000000", "c7030501020a", "c800010501",
        "c9000000010501", "de0001a16105", "dd00000001c0"}) {
    for (const std::string& text :
         {"83" + first + "a158" + unknown + second, "83a158" + unknown + second + first}) {
      const Bytes bytes = from_hex(text);
      const auto pair = read_pair(bytes);
      ASSERT_TRUE(pair) << text;
      EXPECT_EQ(pair->first, 7u);
      EXPECT_EQ(pair->second, "abc");
    }
  }
}

TEST(MsgpackRecord, the_array_form_is_taken_in_declaration_order) {
  const Bytes whole = from_hex("9207a3616263");
  EXPECT_EQ(read_pair(whole)->second, "abc");
  const Bytes longer = from_hex("9407a36162639101c0");
  EXPECT_EQ(read_pair(longer)->second, "abc");
  const Bytes shorter = from_hex("9107");
  EXPECT_EQ(read_pair(shorter)->first, 7u);
  EXPECT_EQ(read_pair(shorter)->second, "");
}

TEST(MsgpackRecord, nil_is_a_record_of_zeros_and_other_values_are_no_record) {
  EXPECT_EQ(read_pair(from_hex("c0"))->first, 0u);
  EXPECT_EQ(read_pair(from_hex("07")).error(), Fault::malformed);
  EXPECT_EQ(read_pair(from_hex("810507")).error(), Fault::malformed);  // a key that is no text
}

TEST(MsgpackSkip, depth_costs_no_stack) {
  Bytes deep(1000000, 0x91);
  MsgpackReader open(deep);
  open.skip();
  EXPECT_EQ(open.fault(), Fault::truncated);
  deep.push_back(0xc0);
  MsgpackReader closed(deep);
  closed.skip();
  EXPECT_TRUE(closed.ok());
}

TEST(MsgpackSkip, a_huge_count_or_length_is_truncated_at_once) {
  for (const char* hex : {"ddffffffff", "dfffffffff00", "dbffffffff00", "c9ffffffff00"}) {
    const Bytes bytes = from_hex(hex);
    MsgpackReader in(bytes);
    in.skip();
    EXPECT_EQ(in.fault(), Fault::truncated) << hex;
  }
}

RC_GTEST_PROP(MsgpackScan, finds_the_same_end_whatever_the_pieces, ()) {
  Bytes bytes;
  base::ByteWriter out(bytes);
  MsgpackWriter writer(out);
  const auto items = *rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>());
  writer.map(items.size());
  for (const std::string& item : items) {
    writer.text(item);
    writer.array(2);
    writer.whole(item.size() * 1000);
    writer.bytes(as_bytes(item));
  }
  writer.flush();
  const std::size_t end = bytes.size();
  out.raw(std::string_view("more"));
  MsgpackScan scan;
  scan.expect(1);
  for (std::size_t size = 0; size < end; size += *rc::gen::inRange<std::size_t>(1, 9)) {
    RC_ASSERT(scan.advance(ByteView(bytes).first(size)) == false);
  }
  RC_ASSERT(scan.advance(bytes) == true);
  RC_ASSERT(scan.offset() == end);
}

}  // namespace
}  // namespace hearsay::wire
