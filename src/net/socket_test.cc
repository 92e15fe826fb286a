#include "net/socket.h"

#include <gmock/gmock.h>
#include <net/if.h>

#include "net/interfaces.h"

namespace hearsay::net {
namespace {

using ::testing::HasSubstr;

Address address(std::string_view text) { return parse_address(text, 0).value(); }

TEST(socket, addresses_survive_the_way_through_the_system) {
  for (const auto* text : {"10.1.2.3:7946", "[2001:db8::1]:1", "[fe80::1%3]:65535", "0.0.0.0:9"}) {
    const Address there = address(text);
    EXPECT_EQ(from_system(to_system(there, Family::of(there)).storage), there) << text;
  }
}

TEST(socket, ipv4_goes_through_an_ipv6_socket_as_mapped_and_comes_back_as_ipv4) {
  const Address v4 = address("10.1.2.3:7946");
  const SystemAddress mapped = to_system(v4, {.v6 = true});
  EXPECT_EQ(mapped.storage.ss_family, AF_INET6);
  EXPECT_EQ(from_system(mapped.storage), v4);
}

TEST(socket, an_ipv4_socket_reaches_no_ipv6_address) {
  EXPECT_EQ(to_system(address("[2001:db8::1]:1"), {.v6 = false}).bytes, 0u);
  EXPECT_EQ(to_system(Address{}, {.v6 = true}).bytes, 0u);
}

TEST(socket, a_link_local_address_without_interface_gets_that_of_the_socket) {
  const Address peer = address("[fe80::9]:7946");
  EXPECT_EQ(from_system(to_system(peer, {.v6 = true, .link_scope = 4}).storage).scope, 4u);
  const Address other = address("[fe80::9%2]:7946");
  EXPECT_EQ(from_system(to_system(other, {.v6 = true, .link_scope = 4}).storage).scope, 2u);
  const Address global = address("[2001:db8::9]:7946");
  EXPECT_EQ(from_system(to_system(global, {.v6 = true, .link_scope = 4}).storage).scope, 0u);
}

TEST(socket, port_zero_gives_one_port_for_both) {
  for (const auto* text : {"127.0.0.1:0", "[::1]:0", "[::]:0"}) {
    auto both = bind_both(address(text));
    ASSERT_TRUE(both) << both.error().cause;
    EXPECT_NE(both->address.port, 0);
    EXPECT_EQ(local_address(both->udp.get()), both->address);
    EXPECT_EQ(local_address(both->listener.get()), both->address);
  }
}

TEST(socket, a_taken_port_is_named_with_a_cure) {
  auto first = bind_both(address("127.0.0.1:0"));
  ASSERT_TRUE(first);
  const std::string port = std::to_string(first->address.port);
  auto second = bind_both(first->address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::io);
  EXPECT_THAT(second.error().cause, HasSubstr("TCP port " + port + " on 127.0.0.1 is already in use"));
  EXPECT_THAT(second.error().cure, HasSubstr(port));

  first->listener = Fd();
  auto third = bind_both(first->address);
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().cause, HasSubstr("UDP port " + port));
}

TEST(socket, an_address_of_another_machine_is_named_with_those_of_this_one) {
  auto bound = bind_both(address("203.0.113.77:7946"));
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, Errc::io);
  EXPECT_THAT(bound.error().cause, HasSubstr("203.0.113.77 is not an address of this machine"));
  EXPECT_THAT(bound.error().cure, HasSubstr("127.0.0.1"));
}

TEST(socket, a_link_local_address_must_name_its_interface) {
  auto bound = bind_both(address("[fe80::1]:7946"));
  ASSERT_FALSE(bound);
  EXPECT_THAT(bound.error().cause, HasSubstr("interface"));
  EXPECT_THAT(bound.error().cure, HasSubstr("%"));
}

TEST(socket, no_address_cannot_be_bound) {
  auto bound = bind_both(Address{});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, Errc::invalid_argument);
}

TEST(interfaces, loopback_is_among_the_addresses_of_a_machine) {
  EXPECT_THAT(machine_addresses(Bridges::without), ::testing::Contains(address("127.0.0.1")));
}

TEST(interfaces, private_means_reachable_only_from_near) {
  for (const auto* text : {"10.0.0.1", "172.16.0.1", "172.31.255.1", "192.168.1.1", "100.64.0.1", "fd00::1"}) {
    EXPECT_TRUE(is_private(address(text))) << text;
  }
  for (const auto* text :
       {"11.0.0.1", "172.32.0.1", "192.0.2.1", "127.0.0.1", "169.254.1.1", "fe80::1", "2001::1"}) {
    EXPECT_FALSE(is_private(address(text))) << text;
  }
}

TEST(interfaces, a_specific_bound_address_is_advertised) {
  EXPECT_EQ(pick_advertise({}, address("192.0.2.1:7946"), {}).value(), address("192.0.2.1:7946"));
}

TEST(interfaces, bound_to_all_the_first_private_address_is_advertised_in_its_four_byte_form) {
  const std::vector<Address> machine = {address("127.0.0.1"), address("192.0.2.2"), address("10.0.0.5"),
                                        address("192.168.0.5"), address("fd00::5")};
  EXPECT_EQ(pick_advertise({}, address("0.0.0.0:7946"), machine).value(), address("10.0.0.5:7946"));
  EXPECT_EQ(pick_advertise({}, address("[::]:7946"), machine).value(), address("10.0.0.5:7946"));
  EXPECT_EQ(pick_advertise({}, address("[::]:7946"), {address("::1"), address("fd00::5")}).value(),
            address("[fd00::5]:7946"));
}

TEST(interfaces, what_is_wanted_is_advertised_with_the_bound_port_if_it_has_none) {
  const Address bound = address("0.0.0.0:7946"), both = address("[::]:7946");
  EXPECT_EQ(pick_advertise(address("203.0.113.7:99"), bound, {}).value(), address("203.0.113.7:99"));
  EXPECT_EQ(pick_advertise(address("203.0.113.7"), bound, {}).value(), address("203.0.113.7:7946"));
  EXPECT_EQ(pick_advertise(address("203.0.113.7"), both, {}).value(), address("203.0.113.7:7946"));
  EXPECT_EQ(pick_advertise(address("2001:db8::7"), both, {}).value(), address("[2001:db8::7]:7946"));
}

TEST(interfaces, an_address_of_a_family_that_is_not_served_is_not_advertised) {
  for (const auto& [wanted, bound] :
       {std::pair{"2001:db8::7", "0.0.0.0:7946"}, {"2001:db8::7", "127.0.0.1:7946"}, {"127.0.0.1", "[::1]:7946"}}) {
    const auto refused = pick_advertise(address(wanted), address(bound), {});
    ASSERT_FALSE(refused) << wanted;
    EXPECT_EQ(refused.error().code, Errc::invalid_config);
  }
}

TEST(interfaces, without_a_private_address_the_cure_names_the_others) {
  const auto none =
      pick_advertise({}, address("0.0.0.0:7946"), {address("127.0.0.1"), address("192.0.2.2"), address("fd00::5")});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::invalid_config);
  EXPECT_THAT(none.error().cure, HasSubstr("192.0.2.2"));
  EXPECT_THAT(none.error().cure, ::testing::Not(HasSubstr("fd00")));
}

}  // namespace
}  // namespace hearsay::net
