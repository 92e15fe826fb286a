// For tests with real sockets: run the loop until something is true, or give up after a time that only a broken
// test reaches.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace hearsay::net {

inline constexpr auto kPatience = std::chrono::seconds(60);

inline ::testing::AssertionResult run_until(boost::asio::io_context& loop, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  loop.restart();
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return ::testing::AssertionFailure() << "did not happen";
    loop.run_one_for(std::chrono::milliseconds(100));
    if (loop.stopped()) loop.restart();
  }
  return ::testing::AssertionSuccess();
}

}  // namespace hearsay::net
