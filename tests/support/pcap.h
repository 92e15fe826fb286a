// Reads recordings of loopback traffic: little-endian pcap of Ethernet frames with IPv4, as tcpdump writes them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "hearsay/bytes.h"

namespace hearsay::tests {

struct Recording {
  struct Ports {
    std::uint16_t from = 0;
    std::uint16_t to = 0;
  };
  struct Datagram {
    Ports ports;
    Bytes bytes;
  };
  // One direction of one connection, put together by sequence number.
  struct Stream {
    Ports ports;
    Bytes bytes;
  };
  std::vector<Datagram> datagrams;
  std::vector<Stream> streams;
};

inline Recording read_recording(const Bytes& file) {
  struct Half {
    std::uint32_t first = 0;  // sequence number of the first byte
    bool synced = false;
    std::map<std::uint32_t, Bytes> segments;  // by offset
  };
  // (address, port) of sender and receiver; connections that reuse ports are told apart by their SYN.
  std::map<std::tuple<std::uint32_t, unsigned, std::uint32_t, unsigned>, std::vector<Half>> halves;
  Recording recording;

  const auto le32 = [&](std::size_t at) {
    return static_cast<std::uint32_t>(file[at] | file[at + 1] << 8 | file[at + 2] << 16) |
           std::uint32_t{file[at + 3]} << 24;
  };
  EXPECT_EQ(le32(0), 0xa1b2c3d4u);
  EXPECT_EQ(le32(20), 1u) << "not Ethernet";
  for (std::size_t at = 24; at + 16 <= file.size();) {
    const std::size_t size = le32(at + 8);
    const ByteView frame = ByteView(file).subspan(at + 16, size);
    at += 16 + size;
    if (frame.size() < 34 || frame[12] != 8 || frame[13] != 0) continue;
    const auto be16 = [](ByteView v, std::size_t i) { return static_cast<std::uint16_t>(v[i] << 8 | v[i + 1]); };
    const auto be32 = [&](ByteView v, std::size_t i) {
      return static_cast<std::uint32_t>(be16(v, i)) << 16 | be16(v, i + 2);
    };
    const ByteView ip = frame.subspan(14, be16(frame, 16));
    const ByteView body = ip.subspan((ip[0] & 15u) * 4);
    const Recording::Ports ports{be16(body, 0), be16(body, 2)};
    if (ip[9] == 17) {
      recording.datagrams.push_back({ports, to_bytes(body.subspan(8))});
    } else if (ip[9] == 6) {
      auto& connections = halves[{be32(ip, 12), ports.from, be32(ip, 16), ports.to}];
      const std::uint32_t seq = be32(body, 4);
      const bool syn = (body[13] & 2) != 0;
      if (syn && (connections.empty() || connections.back().first != seq + 1))
        connections.push_back({seq + 1, true, {}});
      const ByteView data = body.subspan((body[12] >> 4) * 4u);
      if (connections.empty()) connections.push_back({seq, false, {}});
      if (!data.empty()) connections.back().segments[seq - connections.back().first] = to_bytes(data);
    }
  }
  for (const auto& [key, connections] : halves) {
    for (const Half& half : connections) {
      Bytes bytes;
      for (const auto& [offset, data] : half.segments) {
        EXPECT_LE(offset, bytes.size()) << "a gap in the recording";
        const std::size_t known = std::min<std::size_t>(bytes.size() - offset, data.size());
        bytes.insert(bytes.end(), data.begin() + static_cast<std::ptrdiff_t>(known), data.end());
      }
      const Recording::Ports ports{static_cast<std::uint16_t>(std::get<1>(key)),
                                   static_cast<std::uint16_t>(std::get<3>(key))};
      if (!bytes.empty()) recording.streams.push_back({ports, bytes});
    }
  }
  return recording;
}

}  // namespace hearsay::tests
