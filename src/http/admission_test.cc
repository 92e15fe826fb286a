#include "http/admission.h"

#include <gmock/gmock.h>

namespace hearsay::http {
namespace {

const std::vector<std::string> kNames = {"node1.example"};

Request from(Fields fields) {
  Request request;
  request.fields = std::move(fields);
  return request;
}

unsigned verdict(Fields fields) {
  const auto refusal = refuse_foreign(from(std::move(fields)), kNames);
  return refusal ? refusal->status : 200;
}

TEST(Admission, ip_literals_localhost_and_configured_names_are_own_hosts) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:7980", "10.1.2.3:80", "[::1]", "[::1]:7980", "localhost", "LocalHost:1",
        "localhost.", "a.localhost:7980", "node1.example", "NODE1.example:7980"}) {
    EXPECT_TRUE(is_own_host(host, kNames)) << host;
  }
}

TEST(Admission, every_other_host_is_foreign) {
  for (const char* host :
       {"", ":80", "evil.example", "evil.example:7980", "127.0.0.1.evil.example", "localhost.evil.example", "[::1",
        "[evil]", "[::1]x", "[::1]:", "::1", "127.0.0.1:", "127.0.0.1:80x", "127.0.0.1:123456",
        "evil.example@127.0.0.1", "127.1", "0x7f.0.0.1", ".localhost", "xlocalhost"}) {
    EXPECT_FALSE(is_own_host(host, kNames)) << host;
  }
}

TEST(Admission, a_program_without_origin_passes) {
  EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}}), 200u);
  EXPECT_EQ(verdict({{"host", "localhost"}}), 200u);
}

TEST(Admission, a_rebound_name_is_refused) { EXPECT_EQ(verdict({{"host", "evil.example:7980"}}), 403u); }

TEST(Admission, one_host_field_is_required) {
  EXPECT_EQ(verdict({}), 400u);
  EXPECT_EQ(verdict({{"host", "localhost"}, {"host", "localhost"}}), 400u);
  Request old = from({});
  old.http_1_0 = true;
  EXPECT_FALSE(refuse_foreign(old, kNames));
}

TEST(Admission, an_origin_passes_only_when_it_is_this_very_host) {
  EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}, {"origin", "http://127.0.0.1:7980"}}), 200u);
  for (const char* origin : {"http://evil.example", "http://127.0.0.1:8080", "https://127.0.0.1:7980", "null", "",
                             "http://127.0.0.1:7980.evil.example", "http://localhost:7980"}) {
    EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}, {"origin", origin}}), 403u) << origin;
  }
}

TEST(Admission, a_request_that_the_browser_calls_cross_site_is_refused) {
  EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}, {"sec-fetch-site", "same-origin"}}), 200u);
  EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}, {"sec-fetch-site", "none"}}), 200u);
  EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}, {"sec-fetch-site", "cross-site"}}), 403u);
  EXPECT_EQ(verdict({{"host", "127.0.0.1:7980"}, {"sec-fetch-site", "same-site"}}), 403u);
}

TEST(Admission, the_refusal_repeats_no_control_characters) {
  const auto refusal = refuse_foreign(from({{"host", "\x1b[31mevil"}}), kNames);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->body.find('\x1b'), std::string::npos);
  EXPECT_EQ(refusal->body.find("\\u001b"), std::string::npos);
}

}  // namespace
}  // namespace hearsay::http
