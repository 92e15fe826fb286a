#include "hearsay/address.h"

#include <gtest/gtest.h>

namespace hearsay {
namespace {

TEST(Address, what_is_printed_can_be_read_again) {
  for (const char* text : {"10.0.0.1:7946", "[2001:db8::1]:80", "[fe80::1%3]:7946", "[::1]:1", "0.0.0.0:65535"}) {
    const auto address = parse_address(text, 1);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
}

TEST(Address, a_missing_port_is_the_default) {
  EXPECT_EQ(to_string(*parse_address("10.0.0.1", 7946)), "10.0.0.1:7946");
  EXPECT_EQ(to_string(*parse_address("::1", 7946)), "[::1]:7946");
  EXPECT_EQ(to_string(*parse_address("[::1]", 7946)), "[::1]:7946");
}

TEST(Address, what_is_no_address_is_refused_by_name) {
  for (const char* text : {"", "host", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:70000", "[::1", "[::1]7", "1.2.3.4%2:1",
                           "10.0.0.256", ":7946", "[]:1"}) {
    const auto address = parse_address(text, 1);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().cause.find(text), std::string::npos);
    EXPECT_FALSE(address.error().cure.empty());
  }
}

TEST(Address, a_mapped_v4_address_is_held_as_v4) {
  const auto mapped = parse_address("[::ffff:10.0.0.1]:5", 1);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(*mapped, *parse_address("10.0.0.1:5", 1));
}

TEST(Address, bytes_of_another_length_are_no_address) {
  const std::array<std::uint8_t, 5> bytes{1, 2, 3, 4, 5};
  EXPECT_FALSE(Address::from_ip(bytes, 1).valid());
  EXPECT_EQ(to_string(Address{}), "-");
}

TEST(Address, the_same_machine_whatever_the_port) {
  EXPECT_TRUE(same_ip(*parse_address("10.0.0.1:1", 0), *parse_address("10.0.0.1:2", 0)));
  EXPECT_TRUE(same_ip(*parse_address("[::ffff:10.0.0.1]:1", 0), *parse_address("10.0.0.1:2", 0)));
  EXPECT_FALSE(same_ip(*parse_address("10.0.0.1:1", 0), *parse_address("10.0.0.2:1", 0)));
  EXPECT_FALSE(same_place(*parse_address("10.0.0.1:1", 0), *parse_address("10.0.0.1:2", 0)));
  EXPECT_TRUE(same_place(*parse_address("10.0.0.1:1", 0), *parse_address("10.0.0.1:1", 0)));
  EXPECT_FALSE(same_ip(Address{}, Address{})) << "no address is nobody's";
  EXPECT_FALSE(same_ip(*parse_address("0.0.0.0:1", 0), *parse_address("[::]:1", 0)));
}

TEST(Address, a_scope_counts_only_where_both_have_one) {
  const Address heard = *parse_address("[fe80::1%3]:7946", 0);
  const Address known = *parse_address("[fe80::1]:7946", 0);
  EXPECT_NE(heard, known);
  EXPECT_TRUE(same_place(heard, known)) << "members' addresses travel without a scope";
  EXPECT_FALSE(same_ip(heard, *parse_address("[fe80::1%4]:7946", 0))) << "two networks, two machines";
}

TEST(Address, host_names_are_split_from_their_ports) {
  EXPECT_EQ(split_host_port("db.example:80", 1)->host, "db.example");
  EXPECT_EQ(split_host_port("db.example:80", 1)->port, 80);
  EXPECT_EQ(split_host_port("db.example", 7946)->port, 7946);
}

}  // namespace
}  // namespace hearsay
