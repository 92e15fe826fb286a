#include "hearsay/admission.h"

#include <gtest/gtest.h>

namespace hearsay {
namespace {

Address ip(std::string_view text) { return parse_address(text, 7946).value(); }
Cidr cidr(std::string_view text) { return parse_cidr(text).value(); }

TEST(Cidr, is_read_and_written) {
  for (const char* text :
       {"10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "192.168.4.0/22", "::1/128", "2001:db8::/32", "::/0"})
    EXPECT_EQ(to_string(cidr(text)), text);
  EXPECT_EQ(to_string(cidr("10.1.2.3")), "10.1.2.3/32");
  EXPECT_EQ(to_string(cidr("::1")), "::1/128");
}

TEST(Cidr, mapped_networks_are_ipv4) {
  EXPECT_EQ(cidr("::ffff:10.0.0.0/104"), cidr("10.0.0.0/8"));
  EXPECT_EQ(cidr("::ffff:10.1.2.3"), cidr("10.1.2.3/32"));
  EXPECT_FALSE(parse_cidr("::ffff:0.0.0.0/95"));
}

TEST(Cidr, what_is_none_is_refused_with_a_cure) {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/8/8", "10.0.0/8",
        "10.0.0.1:80/32", "[::1]/128", "::1/129", "host/8", "fe80::1%1/64", "10.0.0.0/99999999999"}) {
    const auto parsed = parse_cidr(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_FALSE(parsed.error().cure.empty());
  }
  EXPECT_EQ(parse_cidr("10.1.2.3/8").error().cure, "write \"10.0.0.0/8\"");
  EXPECT_EQ(parse_cidr("2001:db8::1/33").error().cure, "write \"2001:db8::/33\"");
}

TEST(Cidr, holds_addresses_by_their_leading_bits) {
  EXPECT_TRUE(cidr("10.0.0.0/8").contains(ip("10.255.0.1")));
  EXPECT_FALSE(cidr("10.0.0.0/8").contains(ip("11.0.0.1")));
  EXPECT_TRUE(cidr("192.168.4.0/22").contains(ip("192.168.7.255")));
  EXPECT_FALSE(cidr("192.168.4.0/22").contains(ip("192.168.8.0")));
  EXPECT_TRUE(cidr("0.0.0.0/0").contains(ip("1.2.3.4")));
  EXPECT_FALSE(cidr("0.0.0.0/0").contains(ip("::1")));
  EXPECT_TRUE(cidr("::/0").contains(ip("2001:db8::1")));
  EXPECT_TRUE(cidr("10.0.0.0/8").contains(ip("::ffff:10.1.1.1")));
  EXPECT_FALSE(Cidr{}.contains(ip("10.0.0.1")));
  EXPECT_FALSE(cidr("::/0").contains(Address{}));
}

TEST(Admission, without_a_policy_all_may_come_in) {
  EXPECT_EQ(refuses({}, "n1", ip("10.0.0.1"), {}), std::nullopt);
}

TEST(Admission, addresses_outside_the_allowed_networks_are_refused_whatever_the_rules_say) {
  AdmissionConfig policy{{cidr("10.0.0.0/8"), cidr("::1/128")}, {AdmissionRule{}}};
  EXPECT_EQ(refuses(policy, "n1", ip("10.0.0.1"), {}), std::nullopt);
  EXPECT_EQ(refuses(policy, "n1", ip("::1"), {}), std::nullopt);
  EXPECT_EQ(refuses(policy, "n1", ip("192.0.2.1"), {}),
            "its address 192.0.2.1 lies in none of the allowed networks");
}

TEST(Admission, the_first_rule_that_fits_decides) {
  AdmissionRule web;
  web.name = "web-*";
  AdmissionRule team;
  team.tag = "team";
  team.value = "db?";
  AdmissionRule lab;
  lab.cidr = cidr("10.9.0.0/16");
  lab.admit = false;
  lab.reason = "the lab stays outside";
  AdmissionRule rest;
  rest.admit = false;
  const AdmissionConfig policy{{}, {web, lab, team, rest}};
  EXPECT_EQ(refuses(policy, "web-1", ip("10.9.0.1"), {}), std::nullopt);
  EXPECT_EQ(refuses(policy, "x", ip("10.9.0.1"), {{"team", "db1"}}), "the lab stays outside");
  EXPECT_EQ(refuses(policy, "x", ip("10.8.0.1"), {{"team", "db1"}}), std::nullopt);
  EXPECT_EQ(refuses(policy, "x", ip("10.8.0.1"), {{"team", "ops"}}), "admission rule 4 refuses it");
  EXPECT_EQ(refuses(policy, "x", ip("10.8.0.1"), {}), "admission rule 4 refuses it");
}

TEST(Admission, when_no_rule_fits_the_member_is_admitted) {
  AdmissionRule lab;
  lab.name = "lab-*";
  lab.admit = false;
  EXPECT_EQ(refuses({{}, {lab}}, "n1", ip("10.0.0.1"), {}), std::nullopt);
}

}  // namespace
}  // namespace hearsay
