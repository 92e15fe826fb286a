#include "http/parser.h"

#include <gmock/gmock.h>

#include "hearsay/bytes.h"

namespace hearsay::http {
namespace {

struct Outcome {
  bool done = false;
  std::optional<ParseFault> fault;
  std::string rest;
};

Outcome feed(RequestParser& parser, std::string bytes) {
  Outcome outcome;
  outcome.rest = std::move(bytes);
  outcome.fault = parser.put(outcome.rest);
  outcome.done = parser.done();
  return outcome;
}

unsigned status_of(const std::string& bytes, ParserLimits limits = {}) {
  RequestParser parser(limits);
  const auto outcome = feed(parser, bytes);
  return outcome.fault ? outcome.fault->status : outcome.done ? 200 : 0;
}

TEST(RequestParser, a_request_split_at_every_byte_is_the_same_request) {
  const std::string bytes = "POST /v1/join?a=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestParser parser({});
    std::string input = bytes.substr(0, cut);
    ASSERT_FALSE(parser.put(input)) << cut;
    input += bytes.substr(cut);
    ASSERT_FALSE(parser.put(input)) << cut;
    ASSERT_TRUE(parser.done()) << cut;
    const Request request = parser.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/v1/join?a=1");
    EXPECT_EQ(request.field("host"), "localhost");
    EXPECT_EQ(request.body, "hello");
  }
}

TEST(RequestParser, what_follows_a_request_is_left_for_the_next) {
  RequestParser parser({});
  std::string input = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_FALSE(parser.put(input));
  EXPECT_EQ(parser.take().target, "/a");
  EXPECT_FALSE(parser.started());
  ASSERT_FALSE(parser.put(input));
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.take().target, "/b");
  EXPECT_TRUE(input.empty());
}

TEST(RequestParser, a_chunked_body_is_joined) {
  RequestParser parser({});
  std::string input =
      "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  ASSERT_FALSE(parser.put(input));
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.take().body, "abcde");
}

TEST(RequestParser, requests_with_two_meanings_are_refused) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
            400u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
            400u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde"), 400u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde"), 400u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nabcde"), 400u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 501u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n"), 501u);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400u);
}

TEST(RequestParser, what_is_not_http_is_refused) {
  EXPECT_EQ(status_of(std::string("\x16\x03\x01\x02\x00\x01\x00", 7)), 400u);
  EXPECT_EQ(status_of("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505u);
  EXPECT_EQ(status_of("GET /\r\n\r\n"), 400u);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHo st: x\r\n\r\n"), 400u);
}

TEST(RequestParser, lines_that_others_may_end_elsewhere_are_refused) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& bytes : {
           head + "A: b\r\n c: d\r\n\r\n",             // a folded line
           head + " A: b\r\n\r\n",                     // the same, straight after
           head + "A: b\rContent-Length: 5\r\n\r\n",   // a bare CR
           head + "A: b\nContent-Length: 5\r\n\r\n",   // a bare LF
           head + std::string("A: b\0c\r\n\r\n", 10),  // NUL
           head + "A\t: b\r\n\r\n",                    // space before the colon
           head + ": b\r\n\r\n",                       // no name
           head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",  // not a hex number
           head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\nhello",  // 2^64 + 1
           head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",    // no line end after a chunk
           head + "Content-Length: \r\n\r\n",
           head + "Content-Length: 0x5\r\n\r\nhello",
       }) {
    EXPECT_GE(status_of(bytes), 400u) << bytes;
  }
}

TEST(RequestParser, what_follows_a_chunked_body_is_no_field_of_the_request) {
  RequestParser parser({});
  std::string input = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nHost: localhost\r\n\r\n";
  ASSERT_FALSE(parser.put(input));
  ASSERT_TRUE(parser.done());
  EXPECT_FALSE(parser.take().field("host"));
}

TEST(RequestParser, a_header_over_the_limit_is_refused_before_it_ends) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a')), 431u);
  EXPECT_EQ(status_of("GET /" + std::string(20'000, 'a')), 431u);
}

TEST(RequestParser, a_body_over_the_limit_is_refused_by_its_announcement) {
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"), 413u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n"), 400u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n"), 413u);
}

TEST(RequestParser, an_endless_chunk_extension_is_refused) {
  EXPECT_NE(
      status_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;" + std::string(20'000, 'a')),
      0u);
}

TEST(Target, is_split_and_decoded) {
  std::string path;
  Fields query;
  ASSERT_TRUE(split_target("/v1/members/a%20b?status=alive&name=n%2B1&flag&x=a+b", path, query));
  EXPECT_EQ(path, "/v1/members/a b");
  EXPECT_THAT(query, testing::ElementsAre(testing::Pair("status", "alive"), testing::Pair("name", "n+1"),
                                          testing::Pair("flag", ""), testing::Pair("x", "a b")));
}

TEST(Target, that_is_not_a_clean_path_is_refused) {
  std::string path;
  Fields query;
  for (const char* target : {"", "*", "http://evil/", "evil:80", "/a%", "/a%4", "/a%zz", "/a%00b", "/?a=%0"}) {
    EXPECT_FALSE(split_target(target, path, query)) << target;
  }
}

TEST(ResponseParser, an_answer_cut_short_is_an_error) {
  ResponseParser parser(1000);
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc";
  ASSERT_TRUE(parser.put(input));
  EXPECT_FALSE(parser.done());
  EXPECT_FALSE(parser.put_end());
}

TEST(ResponseParser, an_answer_over_the_limit_is_an_error) {
  ResponseParser parser(4);
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde";
  EXPECT_FALSE(parser.put(input));
}

}  // namespace
}  // namespace hearsay::http
