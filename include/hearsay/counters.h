// What a node counted. Every queue, loop and decoder that drops something has its counter here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hearsay {

// X(name, help). One list: from it come the enumerators, the names in JSON and metrics, and the help texts.
#define HEARSAY_COUNTERS(X)                                                                   \
  X(datagrams_in, "datagrams received")                                                       \
  X(datagrams_out, "datagrams sent")                                                          \
  X(datagram_bytes_in, "bytes of datagrams received")                                         \
  X(datagram_bytes_out, "bytes of datagrams sent")                                            \
  X(streams_in, "streams accepted")                                                           \
  X(streams_out, "streams opened")                                                            \
  X(stream_bytes_in, "bytes received on streams")                                             \
  X(stream_bytes_out, "bytes written to streams")                                             \
  X(messages_in, "messages decoded, the parts of a compound counted apart")                   \
  X(dropped_label, "packets or streams with another label, or none")                          \
  X(dropped_plaintext, "plaintext packets or streams refused because keys are set")           \
  X(dropped_sealed, "encrypted packets or streams that no key opens")                         \
  X(dropped_crc, "packets whose checksum is wrong")                                           \
  X(dropped_malformed, "packets, parts or messages that do not decode")                       \
  X(dropped_unexpected, "messages of a type that does not belong there")                      \
  X(dropped_foreign_ping, "pings meant for another name")                                     \
  X(dropped_unknown_ack, "acks and nacks that nobody waits for")                              \
  X(dropped_stream_limit, "streams refused because too many are open")                        \
  X(dropped_stream_size, "streams or packets dropped because they grew too large")            \
  X(dropped_merge_entry, "push/pull entries skipped because they are not valid")              \
  X(dropped_newcomers, "members whom only strangers knew and who did not answer")             \
  X(dropped_members_limit, "members not taken because the table is full")                     \
  X(dropped_admission, "news of members that the admission policy refuses")                   \
  X(dropped_rumor_limit, "rumors dropped because the queue is full")                          \
  X(dropped_rumor_size, "rumors refused because they fit no packet")                          \
  X(dropped_incarnation, "claims with an absurdly high incarnation, or one we cannot outbid") \
  X(dropped_name_conflict, "joins refused because the name is taken")                         \
  X(dropped_links, "links in trouble not watched because there are too many")                 \
  X(dropped_intent_limit, "intents about unknown members not kept")                           \
  X(dropped_claim_limit, "claims dropped because too many were made by one input")            \
  X(dropped_user_message, "user messages of a kind that this node does not serve")            \
  X(dropped_ping_relays, "pings for others not sent because too many were asked for")         \
  X(dropped_relay_limit, "answers to queries not handed on for others because too many came") \
  X(dropped_key_changes, "key changes refused because too many wait to be saved")             \
  X(dropped_output_limit, "messages not sent because one input caused too many")              \
  X(send_failures, "datagrams that the operating system refused")                             \
  X(stream_failures, "streams that could not be opened or broke")                             \
  X(probes, "probes begun")                                                                   \
  X(probes_failed, "probes that ended without any answer")                                    \
  X(indirect_probes, "helpers asked")                                                         \
  X(stream_probes, "pings over TCP")                                                          \
  X(udp_blocked, "probes answered over TCP only")                                             \
  X(relays, "pings sent for others")                                                          \
  X(suspicions, "suspicions begun")                                                           \
  X(refutations, "accusations about ourselves refuted")                                       \
  X(user_events, "user events of others heard and told on")                                   \
  X(queries, "queries of others heard")                                                       \
  X(link_checks, "pings that tell a broken link from a lossy one")                            \
  X(evidence_asked, "accusers asked for their evidence")                                      \
  X(evidence_told, "evidence told to nodes that asked")                                       \
  X(query_relays, "answers to queries handed on for others")                                  \
  X(key_changes, "changes of this node's keyring")                                            \
  X(view_pulls, "times that another node's view differed and its late news were asked for")   \
  X(repairs, "late news told to nodes that had missed them")                                  \
  X(pauses, "times that this process was not run for a while")                                \
  X(reconnects, "attempts to reach failed members and seeds")                                 \
  X(state_comparisons, "times that all states were compared with a peer's")                   \
  X(state_news, "news of members' own states taken")                                          \
  X(state_fetches, "times that states were fetched over a stream")                            \
  X(state_lives, "times that others knew a former life of our own state and it began anew")   \
  X(dropped_state_owner, "news of states of nodes that are no members")                       \
  X(dropped_state_limit, "news of states not taken because they are too large")               \
  X(dropped_generation, "news of states with an absurdly high generation")                    \
  X(state_questions, "times that who holds our own state was asked")                          \
  X(state_answers, "answers to nodes that asked who holds their state")                       \
  X(dropped_questions, "questions who holds a state not kept because too many came")          \
  X(beats, "higher heartbeat counters of others taken")                                       \
  X(exchanges, "rounds of the heartbeat family begun with a peer")                            \
  X(echoes, "members that were down asked whether they are back")                             \
  X(generations_raised, "times that others knew a former life of ours and we began a higher") \
  X(dropped_replays, "messages of the heartbeat family older than their sender's window")     \
  X(dropped_echoes, "members that were down not asked because too many came back at once")    \
  X(dropped_opinions, "suspicions of others not kept because too many came")                  \
  X(push_pulls, "table exchanges completed")                                                  \
  X(push_pull_failures, "table exchanges that failed")

enum class Count : std::uint8_t {
#define HEARSAY_COUNTER_NAME(name, help) name,
  HEARSAY_COUNTERS(HEARSAY_COUNTER_NAME)
#undef HEARSAY_COUNTER_NAME
};

#define HEARSAY_COUNTER_ONE(name, help) +1
inline constexpr std::size_t kCounts = 0 HEARSAY_COUNTERS(HEARSAY_COUNTER_ONE);
#undef HEARSAY_COUNTER_ONE

const char* name_of(Count count);
const char* help_of(Count count);

// All counters of one node. Plain integers: a node belongs to one thread.
struct Counters {
  std::array<std::uint64_t, kCounts> values{};

  void add(Count count, std::uint64_t amount = 1) { values[static_cast<std::size_t>(count)] += amount; }
  std::uint64_t operator[](Count count) const { return values[static_cast<std::size_t>(count)]; }
};

}  // namespace hearsay
