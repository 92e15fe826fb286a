#include "wire/envelope.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/openssl_aead.h"
#include "support/vectors.h"
#include "wire/memberlist.h"

namespace hearsay::wire {
namespace {

using tests::counting_key;
using tests::from_hex;
using tests::read_vectors;
using tests::to_hex;

// An envelope with its crypto.
struct Wrapping {
  tests::OpensslAead aead;
  tests::CountingNonces nonces;
  SealScratch scratch;
  Envelope envelope;

  explicit Wrapping(std::string label = "", const std::vector<Bytes>& keys = {}) {
    envelope.label = std::move(label);
    envelope.aead = &aead;
    envelope.nonces = &nonces;
    for (const Bytes& key : keys) envelope.keyring.add(key);
  }
  Bytes datagram(const std::vector<Bytes>& messages, bool compress = false, bool with_crc = false) {
    const std::vector<ByteView> views(messages.begin(), messages.end());
    Bytes out;
    EXPECT_TRUE(seal_datagram(envelope, views, compress, with_crc, scratch, out));
    return out;
  }
  Bytes stream(ByteView message, bool to_acceptor) {
    Bytes out;
    EXPECT_TRUE(seal_stream(envelope, message, to_acceptor, scratch, out));
    return out;
  }
  Decoded<std::vector<std::string>> open(ByteView datagram) {
    if (const auto result = open_datagram(envelope, datagram, opened); !result) {
      EXPECT_TRUE(opened.messages.empty());
      return tl::unexpected(result.error());
    }
    std::vector<std::string> messages;
    for (const ByteView message : opened.messages) messages.push_back(to_hex(message));
    return messages;
  }
  OpenedDatagram opened;
};
using Messages = std::vector<std::string>;

const std::map<std::string, Bytes>& rows() {
  static const auto kAll = read_vectors("go-msgpack.txt");
  return kAll;
}
const std::map<std::string, Bytes>& memberlist_rows() {
  static const auto kAll = read_vectors("memberlist-0.6.0.txt");
  return kAll;
}
Bytes joined(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// ---- datagrams ----

TEST(Datagram, one_message_goes_bare_and_more_go_as_a_compound) {
  Wrapping w;
  EXPECT_EQ(w.datagram({rows().at("ack")}), rows().at("ack"));
  EXPECT_EQ(w.datagram({rows().at("ack"), rows().at("suspect")}), rows().at("compound"));
  EXPECT_EQ(w.datagram({rows().at("ack"), rows().at("suspect")}, false, true), rows().at("crc compound"));
  EXPECT_EQ(w.open(rows().at("crc compound")), (Messages{to_hex(rows().at("ack")), to_hex(rows().at("suspect"))}));
  EXPECT_FALSE(w.opened.sealed);
}

TEST(Datagram, what_memberlist_0_6_0_wrote_is_opened_and_written_alike) {
  Wrapping w;
  const auto& all = memberlist_rows();
  const std::vector<Bytes> parts = {all.at("ping-full"), all.at("ack-nil-payload"), all.at("alive-ip4")};
  EXPECT_EQ(w.datagram(parts), all.at("compound(ping-full,ack-nil,alive-ip4)"));
  EXPECT_EQ(w.datagram(parts, false, true), all.at("hasCrc(compound)"));
  EXPECT_EQ(w.open(all.at("hasCrc(compound)"))->size(), 3u);
  Wrapping labelled("my-label");
  EXPECT_EQ(labelled.datagram({all.at("ping-full")}), all.at("label(ping-full)"));
  EXPECT_EQ(labelled.open(all.at("label(ping-full)")), Messages{to_hex(all.at("ping-full"))});
}

TEST(Datagram, compression_is_kept_only_when_smaller) {
  Wrapping w;
  EXPECT_EQ(w.datagram({rows().at("ack")}, true), rows().at("ack"));
  std::string text;
  for (int i = 0; i < 50; ++i) text += "abcdefgh";
  EXPECT_EQ(w.datagram({to_bytes(as_bytes(text))}, true), memberlist_rows().at("compress"));
  EXPECT_EQ(w.open(memberlist_rows().at("compress")), Messages{to_hex(as_bytes(text))});
  EXPECT_EQ(w.open(rows().at("compress 40 a")), Messages{to_hex(as_bytes(std::string(40, 'a')))});
}

TEST(Datagram, encryption_equals_that_of_peers) {
  for (const std::string& label : {std::string(), std::string("blue")}) {
    Wrapping w(label, {counting_key(32)});
    const Bytes& row = rows().at(label.empty() ? "sealed v1" : "sealed v1 label blue");
    EXPECT_EQ(to_hex(w.datagram({rows().at("ack")})), to_hex(row));
    EXPECT_EQ(w.open(row), Messages{to_hex(rows().at("ack"))});
    EXPECT_TRUE(w.opened.sealed);
  }
  Wrapping w("", {counting_key(32)});
  EXPECT_EQ(w.open(rows().at("sealed v0")), Messages{to_hex(rows().at("ack"))});
}

TEST(Datagram, all_key_sizes_and_both_versions_of_memberlist_0_6_0_are_opened) {
  unsigned seen = 0;
  for (const auto& [name, row] : memberlist_rows()) {
    if (!name.starts_with("encrypt-")) continue;
    ++seen;
    const std::size_t key_bytes = name.find("aes128") != name.npos   ? 16
                                  : name.find("aes192") != name.npos ? 24
                                                                     : 32;
    const bool labelled = name.find("my-label") != name.npos;
    // The row is what stands after the label header.
    Wrapping w(labelled ? "my-label" : "", {counting_key(16, 99), counting_key(key_bytes)});
    const Bytes datagram = labelled ? joined({from_hex("f4086d792d6c6162656c"), row}) : row;
    EXPECT_EQ(w.open(datagram), Messages{to_hex(memberlist_rows().at("ping-full"))}) << name;
    Wrapping other(labelled ? "my-label" : "", {counting_key(key_bytes, 1)});
    EXPECT_EQ(other.open(datagram).error(), Fault::not_opened) << name;
  }
  EXPECT_EQ(seen, 12u);
}

TEST(Datagram, the_wrong_label_or_none_is_refused) {
  const Bytes& ack = rows().at("ack");
  Wrapping none;
  Wrapping blue("blue");
  EXPECT_EQ(blue.open(ack).error(), Fault::wrong_label);
  EXPECT_EQ(none.open(blue.datagram({ack})).error(), Fault::wrong_label);
  EXPECT_EQ(blue.open(Wrapping("blur").datagram({ack})).error(), Fault::wrong_label);
  EXPECT_EQ(blue.open(joined({from_hex("f400"), ack})).error(), Fault::malformed);
  EXPECT_EQ(blue.open(from_hex("f404626c")).error(), Fault::truncated);
  EXPECT_EQ(blue.open(from_hex("f404626c7565")).error(), Fault::truncated);
  EXPECT_EQ(none.open({}).error(), Fault::truncated);
}

TEST(Datagram, with_keys_plaintext_is_refused_unless_it_is_let_in) {
  Wrapping w("", {counting_key(32)});
  const Bytes ping = memberlist_rows().at("ping-full");  // begins like a frame of version 0
  EXPECT_EQ(w.open(rows().at("ack")).error(), Fault::plaintext);
  EXPECT_EQ(w.open(ping).error(), Fault::not_opened);
  w.envelope.verify_incoming = false;
  EXPECT_EQ(w.open(rows().at("ack")), Messages{to_hex(rows().at("ack"))});
  EXPECT_EQ(w.open(ping), Messages{to_hex(ping)});
  EXPECT_FALSE(w.opened.sealed);
  EXPECT_TRUE(w.open(rows().at("sealed v1")));
  EXPECT_TRUE(w.opened.sealed);
  w.envelope.verify_outgoing = false;
  EXPECT_EQ(w.datagram({ping}), ping);
}

TEST(Datagram, every_flipped_bit_of_a_sealed_one_is_noticed) {
  Wrapping w("blue", {counting_key(32)});
  const Bytes good = w.datagram({rows().at("ack")}, false, true);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    EXPECT_FALSE(w.open(bad)) << bit;
  }
  EXPECT_TRUE(w.open(good));
}

TEST(Datagram, padding_of_version_0_is_checked) {
  Wrapping w("", {counting_key(32)});
  const auto sealed = [&](Bytes plain) {
    Bytes out = joined({{0}, counting_key(12), plain, Bytes(kTagBytes)});
    EXPECT_TRUE(w.aead.seal(counting_key(32), counting_key(12), {}, plain, out.data() + 13));
    return out;
  };
  const Bytes nack = joined({rows().at("nack"), Bytes(5, 5)});  // 11 bytes and 5
  ASSERT_EQ(nack.size(), 16u);
  EXPECT_TRUE(w.open(sealed(nack)));
  for (const int pad : {0, 6, 17, 255}) {
    Bytes bad = nack;
    bad.back() = static_cast<std::uint8_t>(pad);
    EXPECT_EQ(w.open(sealed(bad)).error(), Fault::malformed) << pad;
  }
  EXPECT_EQ(w.open(sealed(Bytes(16, 16))).error(), Fault::truncated);  // padding only
}

TEST(Datagram, a_checksum_is_legal_only_at_the_beginning) {
  Wrapping w;
  Bytes bad = rows().at("crc compound");
  bad.back() = static_cast<std::uint8_t>(bad.back() ^ 1u);
  EXPECT_EQ(w.open(bad).error(), Fault::bad_crc);
  // Further in it is passed on as a message, which no decoder takes.
  const Bytes inner = w.datagram({rows().at("ack")}, false, true);
  EXPECT_EQ(w.open(w.datagram({inner, rows().at("ack")})), (Messages{to_hex(inner), to_hex(rows().at("ack"))}));
  EXPECT_EQ(decode_datagram_message(inner).error(), Fault::unexpected);
  EXPECT_EQ(w.open(from_hex("0c000000")), Messages{"0c000000"});        // too short to be one
  EXPECT_EQ(w.open(from_hex("0c00000000")).error(), Fault::truncated);  // of nothing
}

TEST(Datagram, a_truncated_body_of_a_compound_loses_only_what_is_missing) {
  Wrapping w;
  Bytes cut = w.datagram({rows().at("ack"), rows().at("suspect"), rows().at("nack")});
  cut.resize(cut.size() - rows().at("nack").size() - 1);
  EXPECT_EQ(w.open(cut), Messages{to_hex(rows().at("ack"))});
  EXPECT_EQ(w.opened.faulty_parts, 2u);
  cut.resize(2 + 6 + 3);
  EXPECT_EQ(w.open(cut).error(), Fault::truncated);
}

TEST(Datagram, a_short_table_of_lengths_refuses_all) {
  Wrapping w;
  EXPECT_EQ(w.open(from_hex("07")).error(), Fault::truncated);
  EXPECT_EQ(w.open(from_hex("0703000100")).error(), Fault::truncated);
  EXPECT_EQ(w.open(from_hex("0700")), Messages{});
}

TEST(Datagram, nesting_is_bounded) {
  Wrapping w;
  Bytes packet = rows().at("ack");
  for (unsigned depth = 0; depth < kNestingMax; ++depth) packet = w.datagram({packet, rows().at("nack")});
  EXPECT_EQ(w.open(packet)->size(), 1u + kNestingMax);
  packet = w.datagram({packet, rows().at("nack")});
  EXPECT_EQ(w.open(packet)->size(), kNestingMax + 0u);
  EXPECT_EQ(w.opened.faulty_parts, 1u);
  Bytes alone = rows().at("ack");
  for (unsigned depth = 0; depth <= kNestingMax; ++depth)
    alone = joined({from_hex("0701"), {0, static_cast<std::uint8_t>(alone.size())}, alone});
  EXPECT_EQ(w.open(alone).error(), Fault::too_deep);
}

TEST(Datagram, the_number_of_messages_is_bounded) {
  Wrapping w;
  const Bytes full = w.datagram(std::vector<Bytes>(255, rows().at("nack")));
  EXPECT_EQ(w.open(full)->size(), 255u);
  EXPECT_EQ(w.open(w.datagram({full, full}))->size(), 255u);
  EXPECT_EQ(w.opened.faulty_parts, 255u);
}

TEST(Datagram, what_compressed_parts_inflate_to_is_bounded_together) {
  Wrapping w;
  const Bytes large(kDatagramInflatedMax / 2, 'x');
  const Bytes packed = w.datagram({large}, true);
  ASSERT_LT(packed.size(), 3000u);
  EXPECT_EQ(w.open(w.datagram({packed, packed}))->size(), 2u);
  EXPECT_EQ(w.open(w.datagram({packed, packed, packed}))->size(), 2u);
  EXPECT_EQ(w.opened.faulty_parts, 1u);
  w.envelope.inflated_bytes_max = 100;
  EXPECT_EQ(w.open(packed).error(), Fault::too_large);
}

TEST(Datagram, every_truncation_of_every_vector_is_refused_or_passed_to_the_decoders) {
  for (const char* label : {"", "blue", "my-label"}) {
    Wrapping plain(label);
    Wrapping sealed(label, {counting_key(32), counting_key(16), counting_key(24)});
    for (const auto* file : {&rows(), &memberlist_rows()}) {
      for (const auto& [name, row] : *file) {
        for (std::size_t size = 0; size < row.size(); ++size) {
          const Bytes exact(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(size));
          static_cast<void>(plain.open(exact));
          EXPECT_FALSE(sealed.open(exact)) << name << " cut to " << size;
        }
      }
    }
  }
}

TEST(Datagram, failing_encryption_changes_nothing) {
  struct Broken : tests::OpensslAead {
    bool seal(ByteView, ByteView, ByteView, ByteView, std::uint8_t*) override { return false; }
  } broken;
  Wrapping w("blue", {counting_key(32)});
  w.envelope.aead = &broken;
  Bytes out = {1, 2, 3};
  const ByteView ack = rows().at("ack");
  EXPECT_FALSE(seal_datagram(w.envelope, {&ack, 1}, true, true, w.scratch, out));
  EXPECT_FALSE(seal_stream(w.envelope, ack, true, w.scratch, out));
  EXPECT_EQ(out, (Bytes{1, 2, 3}));
}

TEST(Datagram, room_is_what_label_and_encryption_leave) {
  EXPECT_EQ(Wrapping().envelope.datagram_room(1400), 1400u);
  EXPECT_EQ(Wrapping("blue").envelope.datagram_room(1400), 1394u);
  Wrapping w("blue", {counting_key(32)});
  EXPECT_EQ(w.envelope.datagram_room(1400), 1365u);
  EXPECT_EQ(w.envelope.datagram_room(10), 0u);
  w.envelope.verify_outgoing = false;
  EXPECT_EQ(w.envelope.datagram_room(1400), 1394u);
}

TEST(Datagram, in_steady_state_the_buffers_stay_where_they_are) {
  Wrapping w("blue", {counting_key(32)});
  const std::vector<ByteView> messages(9, memberlist_rows().at("ping-full"));
  Bytes out;
  const auto around = [&] {
    out.clear();
    EXPECT_TRUE(seal_datagram(w.envelope, messages, true, true, w.scratch, out));
    EXPECT_TRUE(open_datagram(w.envelope, out, w.opened));
    EXPECT_EQ(w.opened.inflated_used, 1u);
    return std::vector<const void*>{out.data(),
                                    w.scratch.compound.data(),
                                    w.scratch.packed.data(),
                                    w.opened.plain.data(),
                                    w.opened.inflated[0].data(),
                                    w.opened.messages.data()};
  };
  const auto first = around();
  EXPECT_EQ(around(), first);
  EXPECT_EQ(around(), first);
}

RC_GTEST_PROP(Datagram, whatever_is_sealed_opens, ()) {
  const auto keys =
      *rc::gen::elementOf(std::vector<std::vector<Bytes>>{{}, {counting_key(16)}, {counting_key(32)}});
  const auto label = *rc::gen::elementOf(std::vector<std::string>{"", "blue", std::string(255, 'x')});
  Wrapping w(label, keys);
  auto messages = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<Bytes>>());
  Messages expected;
  for (Bytes& message : messages) {
    message.insert(message.begin(), 8);
    expected.push_back(to_hex(message));
  }
  const Bytes datagram = w.datagram(messages, *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>());
  RC_ASSERT(w.open(datagram) == expected);
  RC_ASSERT(w.opened.sealed == !keys.empty());
  RC_ASSERT(w.opened.faulty_parts == 0u);
}

// ---- keys ----

TEST(Keyring, the_first_key_is_primary_and_cannot_be_removed) {
  using Change = Keyring::Change;
  Keyring ring;
  const Bytes a = counting_key(16);
  const Bytes b = counting_key(32);
  EXPECT_EQ(ring.remove(a), Change::no_change);
  EXPECT_EQ(ring.add(Bytes(15)), Change::bad_key);
  EXPECT_EQ(ring.add(a), Change::done);
  EXPECT_EQ(ring.add(b), Change::done);
  EXPECT_EQ(ring.add(b), Change::no_change);
  EXPECT_EQ(ring.remove(a), Change::is_primary);
  EXPECT_EQ(ring.use(counting_key(24)), Change::absent);
  EXPECT_EQ(ring.use(a), Change::no_change);
  EXPECT_EQ(ring.use(b), Change::done);
  EXPECT_EQ(to_hex(ring.primary()), to_hex(b));
  EXPECT_EQ(ring.remove(a), Change::done);
  EXPECT_EQ(ring.keys().size(), 1u);
  for (std::uint8_t i = 1; i < Keyring::kKeysMax; ++i) EXPECT_EQ(ring.add(counting_key(16, i)), Change::done);
  EXPECT_EQ(ring.add(counting_key(16, 200)), Change::full);
}

// ---- streams ----

Decoded<std::string> fed_in_pieces(StreamOpener& opener, const Envelope& envelope, ByteView bytes,
                                   std::size_t piece) {
  while (!bytes.empty()) {
    const ByteView part = bytes.first(std::min(piece, bytes.size()));
    const Bytes exact = to_bytes(part);
    bytes = bytes.subspan(part.size());
    const auto message = opener.feed(envelope, exact);
    if (!message) return tl::unexpected(message.error());
    if (!message->empty()) return to_hex(*message);
  }
  return "";
}

TEST(Stream, encryption_equals_that_of_peers) {
  Wrapping w("", {counting_key(32)});
  w.envelope.compression = false;
  EXPECT_EQ(to_hex(w.stream(rows().at("ack"), true)), to_hex(rows().at("sealed stream v1")));
  Wrapping blue("blue", {counting_key(32)});
  blue.envelope.compression = false;
  EXPECT_EQ(to_hex(blue.stream(rows().at("ack"), false)), to_hex(rows().at("sealed stream v1 aad blue")));
  StreamOpener reply(false);
  EXPECT_EQ(fed_in_pieces(reply, blue.envelope, rows().at("sealed stream v1 aad blue"), 7),
            to_hex(rows().at("ack")));
  EXPECT_TRUE(reply.sealed());
  StreamOpener unlabelled(true);
  EXPECT_EQ(fed_in_pieces(unlabelled, blue.envelope, rows().at("sealed stream v1 aad blue"), 7).error(),
            Fault::wrong_label);
}

TEST(Stream, compression_is_applied_even_when_larger) {
  Wrapping w;
  const Bytes stream = w.stream(rows().at("ack"), true);
  EXPECT_GT(stream.size(), rows().at("ack").size());
  EXPECT_EQ(stream[0], 9);
  StreamOpener opener(true);
  EXPECT_EQ(fed_in_pieces(opener, w.envelope, stream, 1), to_hex(rows().at("ack")));
  EXPECT_FALSE(opener.sealed());
}

RC_GTEST_PROP(Stream, whatever_is_sealed_opens_in_any_pieces, ()) {
  const auto keys = *rc::gen::elementOf(std::vector<std::vector<Bytes>>{{}, {counting_key(16)}});
  const auto label = *rc::gen::elementOf(std::vector<std::string>{"", "blue"});
  const bool to_acceptor = *rc::gen::arbitrary<bool>();
  Wrapping w(label, keys);
  w.envelope.compression = *rc::gen::arbitrary<bool>();
  const auto state = *rc::gen::arbitrary<std::string>();
  PushPull push_pull{true, {}, as_bytes(state)};
  const std::string name = *rc::gen::arbitrary<std::string>();
  push_pull.nodes.assign(*rc::gen::inRange<std::size_t>(0, 5),
                         {name, as_bytes("abcd"), 7, {}, Incarnation{1}, NodeState::alive, {}});
  Bytes message;
  ByteWriter out(message);
  encode(out, push_pull);
  Bytes stream = w.stream(message, to_acceptor);
  stream.push_back(0x55);  // what follows is dropped
  StreamOpener opener(to_acceptor);
  const auto piece = *rc::gen::inRange<std::size_t>(1, 100);
  RC_ASSERT(fed_in_pieces(opener, w.envelope, stream, piece) == to_hex(message));
  RC_ASSERT(opener.feed(w.envelope, as_bytes("more"))->empty());
}

TEST(Stream, every_truncation_asks_for_more) {
  const Bytes message = memberlist_rows().at("pushPull(join, 2 nodes, user state 'usr')");
  for (const bool sealed : {false, true}) {
    for (const bool compression : {false, true}) {
      Wrapping w("blue", sealed ? std::vector<Bytes>{counting_key(32)} : std::vector<Bytes>{});
      w.envelope.compression = compression;
      const Bytes stream = w.stream(message, true);
      for (std::size_t size = 0; size < stream.size(); ++size) {
        StreamOpener opener(true);
        EXPECT_EQ(fed_in_pieces(opener, w.envelope, ByteView(stream).first(size), size + 1), "") << size;
      }
    }
  }
}

TEST(Stream, a_large_push_pull_in_tiny_pieces_is_scanned_once) {
  // Were each piece to start over, this would take very long.
  Wrapping w;
  w.envelope.compression = false;
  PushPull push_pull;
  push_pull.nodes.assign(10000, {"some-node", as_bytes("abcd"), 7946, {}, Incarnation{1}, NodeState::alive, {}});
  const Bytes state(100000, 'x');
  push_pull.user_state = state;
  Bytes message;
  ByteWriter out(message);
  encode(out, push_pull);
  StreamOpener opener(true);
  const auto found = fed_in_pieces(opener, w.envelope, message, 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 2 * message.size());
}

TEST(Stream, wrong_wrappings_are_told_apart) {
  const Bytes& ack = rows().at("ack");
  Wrapping plain;
  plain.envelope.compression = false;
  Wrapping keyed("", {counting_key(32)});
  keyed.envelope.compression = false;
  const Bytes sealed = keyed.stream(ack, true);
  const auto fault = [](const Envelope& envelope, const Bytes& bytes, bool from_dialer = true) {
    StreamOpener opener(from_dialer);
    return fed_in_pieces(opener, envelope, bytes, 1000).error();
  };
  EXPECT_EQ(fault(plain.envelope, sealed), Fault::not_opened);
  EXPECT_EQ(fault(keyed.envelope, ack), Fault::plaintext);
  EXPECT_EQ(fault(Wrapping("", {counting_key(16)}).envelope, sealed), Fault::not_opened);
  EXPECT_EQ(fault(Wrapping("blue").envelope, ack), Fault::wrong_label);
  EXPECT_EQ(fault(plain.envelope, from_hex("f404626c7565")), Fault::wrong_label);
  EXPECT_EQ(fault(Wrapping("blue").envelope, from_hex("f404626c7565"), false), Fault::wrong_label);
  for (const char* type : {"01", "03", "04", "05", "07", "0b", "0c", "63"}) {
    EXPECT_EQ(fault(plain.envelope, from_hex(type)), Fault::unexpected) << type;
  }
  Wrapping twice;
  EXPECT_EQ(fault(twice.envelope, twice.stream(twice.stream(ack, true), true)), Fault::unexpected);
  EXPECT_EQ(fault(plain.envelope, twice.stream({}, true)), Fault::truncated);
  EXPECT_EQ(fault(plain.envelope, twice.stream(ByteView(ack).first(5), true)), Fault::truncated);
  EXPECT_EQ(fault(keyed.envelope, keyed.stream(ByteView(ack).first(5), true)), Fault::truncated);
  keyed.envelope.verify_incoming = false;
  StreamOpener opener(true);
  EXPECT_EQ(fed_in_pieces(opener, keyed.envelope, ack, 3), to_hex(ack));
}

TEST(Stream, lengths_are_not_believed) {
  Wrapping w("", {counting_key(32)});
  w.envelope.stream_bytes_max = 1000;
  const auto fed = [&](std::string_view hex) {
    StreamOpener opener(true);
    const auto result = fed_in_pieces(opener, w.envelope, from_hex(hex), 1000);
    EXPECT_LE(opener.buffered_bytes(), hex.size() / 2);
    return result;
  };
  EXPECT_EQ(fed("0a000003e9").error(), Fault::too_large);
  EXPECT_EQ(fed("0affffffff").error(), Fault::too_large);
  EXPECT_EQ(fed("0a0000001c").error(), Fault::malformed);
  EXPECT_EQ(fed("0a000003e801"), "");
  w.envelope.verify_incoming = false;
  EXPECT_EQ(fed("0683a44a6f696ec3a54e6f646573ce000fffffac5573657253746174654c656e00").value_or("x"), "");
}

TEST(Stream, a_stream_that_grows_too_large_is_given_up) {
  Wrapping w;
  w.envelope.stream_bytes_max = 1000;
  StreamOpener opener(true);
  const Bytes begin = from_hex("0682a3466f6fdb00ffffff");  // a value of 16 MB
  ASSERT_TRUE(opener.feed(w.envelope, begin));
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(opener.feed(w.envelope, Bytes(100)));
  EXPECT_EQ(opener.feed(w.envelope, Bytes(100)).error(), Fault::too_large);
  EXPECT_EQ(opener.buffered_bytes(), 0u);
  EXPECT_EQ(opener.feed(w.envelope, Bytes(1)).error(), Fault::too_large);  // for good
}

TEST(Stream, what_it_inflates_to_is_bounded) {
  Wrapping w;
  Bytes user;
  ByteWriter out(user);
  const Bytes payload(5000, 'x');
  encode_stream(out, User{payload});
  const Bytes stream = w.stream(user, true);
  w.envelope.inflated_bytes_max = 5000;
  StreamOpener opener(true);
  EXPECT_EQ(opener.feed(w.envelope, stream).error(), Fault::too_large);
}

}  // namespace
}  // namespace hearsay::wire
