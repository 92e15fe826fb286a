// Door 2 from the outside: two hosts on loopback, ports chosen by the system; one joins the other.
#include <hearsay/host.h>

#include <chrono>
#include <cstdio>
#include <future>

namespace {

std::unique_ptr<hearsay::Host> start(const char* name) {
  hearsay::Config config = hearsay::Config::of(hearsay::Profile::local);
  config.name = name;
  auto host = hearsay::Host::start({.config = config, .bind = hearsay::parse_address("127.0.0.1:0", 0).value()});
  if (!host) {
    std::fprintf(stderr, "%s: %s\n", name, host.error().cause.c_str());
    return nullptr;
  }
  return std::move(*host);
}

// Waits for the answer to a command.
bool answered(const char* what, std::future<hearsay::Result<std::uint32_t>> answer) {
  if (answer.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
    std::fprintf(stderr, "%s: no answer\n", what);
    return false;
  }
  const auto result = answer.get();
  if (!result) std::fprintf(stderr, "%s: %s\n", what, result.error().cause.c_str());
  return result.has_value();
}

}  // namespace

int main() {
  const auto first = start("first");
  const auto second = start("second");
  if (!first || !second) return 1;

  std::promise<hearsay::Result<std::uint32_t>> joined;
  second->join({hearsay::to_string(first->bound())}, [&](auto result) { joined.set_value(std::move(result)); });
  if (!answered("join", joined.get_future())) return 1;

  for (const auto& member : second->members()) {
    std::printf("%s %s %s\n", member.name.c_str(), hearsay::to_string(member.address).c_str(),
                hearsay::name_of(member.status));
  }
  const bool good = second->info().members[static_cast<int>(hearsay::Status::alive)] == 2;

  std::promise<hearsay::Result<std::uint32_t>> left;
  second->leave([&](auto result) { left.set_value(std::move(result)); });
  return answered("leave", left.get_future()) && good ? 0 : 1;
}
