// Two members on the event loop of the program that embeds them: no thread is started, and every callback runs
// where the program's own handlers do.
#include <hearsay/host.h>

#include <boost/asio/io_context.hpp>
#include <iostream>
#include <string>

namespace {

std::unique_ptr<hearsay::Host> start(boost::asio::io_context& loop, const std::string& name) {
  hearsay::HostOptions options;
  options.config = hearsay::Config::of(hearsay::Profile::local);
  options.config.name = name;
  options.bind = hearsay::parse_address("127.0.0.1", 0).value();  // port 0: the system chooses one
  options.loop = &loop;
  return hearsay::Host::start(std::move(options)).value();
}

}  // namespace

int main() {
  boost::asio::io_context loop;
  auto first = start(loop, "first");
  auto second = start(loop, "second");

  second->join({to_string(first->advertised())}, [&](const hearsay::Result<std::uint32_t>& joined) {
    if (!joined) std::cerr << joined.error().cause << "\n";
    for (const auto& member : second->members()) {
      std::cout << member.name << " " << name_of(member.status) << "\n";
    }
    second->leave([&](const auto&) {
      // Nothing is left to wait for when both are gone: the loop ends.
      first.reset();
      second.reset();
    });
  });
  loop.run();
}
