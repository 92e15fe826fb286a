// A member of a cluster in a few lines. Start two, in two terminals:
//
//   build/release/examples/embed a 127.0.0.1:7001
//   build/release/examples/embed b 127.0.0.1:7002 127.0.0.1:7001
//
// What happens is printed; Enter shows the members and leaves.
#include <hearsay/host.h>

#include <cstdio>
#include <future>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::puts("usage: embed NAME IP:PORT [PEER...]");
    return 2;
  }
  hearsay::HostOptions options;
  options.config = hearsay::Config::of(hearsay::Profile::local);
  options.config.name = argv[1];
  options.bind = hearsay::parse_address(argv[2], 7946).value_or(hearsay::Address{});
  options.notices = [](const hearsay::Notice& notice) { std::puts(describe(notice).c_str()); };

  auto started = hearsay::Host::start(std::move(options));
  if (!started) {
    std::cerr << started.error().cause << "\n" << started.error().cure << "\n";
    return 1;
  }
  hearsay::Host& host = **started;
  if (argc > 3) host.join({argv + 3, argv + argc});

  std::string line;
  std::getline(std::cin, line);
  for (const auto& member : host.members()) {
    std::cout << member.name << " " << to_string(member.address) << " " << name_of(member.status) << "\n";
  }

  std::promise<void> left;
  host.leave([&left](const auto&) { left.set_value(); });
  left.get_future().wait();
}
