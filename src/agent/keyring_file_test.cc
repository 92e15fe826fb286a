#include "agent/keyring_file.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/openssl_aead.h"

namespace hearsay::agent {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class KeyringFile : public testing::Test {
 protected:
  KeyringFile() { fs::create_directories(directory_); }
  ~KeyringFile() override { fs::remove_all(directory_); }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const fs::path directory_ = fs::path(testing::TempDir()) / ("hearsay_keys_" + std::to_string(::getpid()));
  const fs::path path_ = directory_ / "keyring";
  const std::vector<Bytes> keys_{tests::counting_key(32, 7), tests::counting_key(16)};
};

TEST_F(KeyringFile, what_is_saved_reads_back_in_its_order) {
  ASSERT_TRUE(save_keyring(path_, keys_));
  const auto back = decode_keyring(read(path_));
  EXPECT_THAT(back.faults, IsEmpty());
  EXPECT_EQ(back.keys, keys_);
}

// As `serf agent -keyring-file` writes it.
TEST_F(KeyringFile, serf_s_file_is_read) {
  const auto read = decode_keyring("[\n  \"AAECAwQFBgcICQoLDA0ODw==\",\n  \"BwcHBwcHBwcHBwcHBwcHBw==\"\n]");
  EXPECT_THAT(read.faults, IsEmpty());
  EXPECT_THAT(read.keys, ElementsAre(tests::counting_key(16), Bytes(16, 7)));
}

TEST_F(KeyringFile, only_its_owner_can_read_it_and_nothing_else_is_left) {
  std::ofstream(path_.string() + ".new") << "of a crash";
  fs::permissions(path_.string() + ".new", fs::perms::all);
  ASSERT_TRUE(save_keyring(path_, keys_));
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1);
}

TEST_F(KeyringFile, a_link_stays_a_link) {
  const fs::path real = directory_ / "real";
  ASSERT_TRUE(save_keyring(real, {keys_[1]}));
  fs::create_symlink(real, path_);
  ASSERT_TRUE(save_keyring(path_, keys_));
  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_EQ(decode_keyring(read(real)).keys, keys_);
}

TEST_F(KeyringFile, what_cannot_be_saved_leaves_the_old_file) {
  ASSERT_TRUE(save_keyring(path_, keys_));
  fs::create_directories(path_.string() + ".new/in the way");
  const auto saved = save_keyring(path_, {keys_[1]});
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, Errc::io);
  EXPECT_THAT(saved.error().cause, HasSubstr("keyring.new"));
  EXPECT_EQ(decode_keyring(read(path_)).keys, keys_);
}

TEST_F(KeyringFile, faults_name_the_place_and_no_key) {
  const auto read = decode_keyring("[\"AAECAwQFBgcICQoLDA0ODw==\", \"secret!\", 5, \"AAEC\"]");
  EXPECT_THAT(read.faults, ElementsAre(HasSubstr("key 2"), HasSubstr("key 3"), HasSubstr("key 4")));
  for (const auto& fault : read.faults) EXPECT_THAT(fault, testing::Not(HasSubstr("secret")));
  EXPECT_EQ(read.keys.size(), 1u);
  EXPECT_THAT(decode_keyring("{}").faults, ElementsAre(HasSubstr("no list")));
  EXPECT_THAT(decode_keyring("[").faults, testing::SizeIs(1));
}

}  // namespace
}  // namespace hearsay::agent
