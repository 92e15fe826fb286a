// The addresses of this machine, and which of them to advertise.
#pragma once

#include <vector>

#include "hearsay/address.h"
#include "hearsay/result.h"

namespace hearsay::net {

enum class Bridges { with, without };
// All addresses of interfaces that are up, port 0, IPv4 first, else in the system's order. The address that this
// machine uses to reach others (its default route) comes first of its family. Without bridges: only this one of
// theirs, because those of containers and virtual machines have the same private address on every machine.
std::vector<Address> machine_addresses(Bridges bridges);

// RFC 1918, RFC 6598 (shared) and RFC 4193 (unique local).
bool is_private(const Address& address);

// What a node bound to `bound` tells others to dial: `wanted` if that is valid (port 0: that of `bound`), else
// `bound`, or, if that is unspecified, the first private one of `machine` that the socket serves.
// Errors: invalid_config, naming what the machine has instead.
Result<Address> pick_advertise(const Address& wanted, const Address& bound, const std::vector<Address>& machine);

}  // namespace hearsay::net
