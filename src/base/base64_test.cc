#include "base/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearsay::base {
namespace {

TEST(Base64, the_vectors_of_the_standard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    const auto back = from_base64(coded);
    ASSERT_TRUE(back) << coded;
    EXPECT_EQ(as_text(*back), plain);
  }
}

TEST(Base64, what_is_not_base64_is_refused) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v!mFy", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9",
                           "AAECAw==\n", "AAE=Aw==", "AAECA_=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

RC_GTEST_PROP(Base64, encoded_and_decoded_is_the_same, (const std::vector<std::uint8_t>& bytes)) {
  RC_ASSERT(from_base64(to_base64(bytes)) == bytes);
}

}  // namespace
}  // namespace hearsay::base
