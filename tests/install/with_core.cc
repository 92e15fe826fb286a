// Door 1 from the outside: a node with no sockets, driven by hand.
#include <hearsay/node.h>

#include <cstdio>

int main() {
  hearsay::Config config = hearsay::Config::of(hearsay::Profile::local);
  config.name = "solo";
  config.advertise = hearsay::parse_address("127.0.0.1", 7946).value();

  hearsay::Now now{hearsay::Time{std::chrono::seconds(1)}, {}};
  auto node = hearsay::Node::create(config, {.seed = 1}, now);
  if (!node) {
    std::fprintf(stderr, "%s\n", node.error().cause.c_str());
    return 1;
  }
  for (int i = 0; i < 10; ++i) {
    now.steady = (*node)->next_deadline();
    if (now.steady == hearsay::kNever) break;
    (*node)->on_time(now);
  }
  const auto members = (*node)->members();
  const bool good = members.size() == 1 && members[0].name == "solo" && members[0].is_self;
  std::puts(good ? "solo knows itself" : "solo is confused");
  return good ? 0 : 1;
}
