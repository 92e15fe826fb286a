#include "agent/data_dir.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

namespace hearsay::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const SavedState kState{"n1", Incarnation{17}, LamportTime{UINT64_MAX},
                        4,    false,           {{"n2", "10.0.0.2:7946"}, {"n3", "[::1]:7946"}}};

TEST(SavedState, tags_that_were_changed_at_run_time_are_kept) {
  SavedState state = kState;
  EXPECT_EQ(decode_state(encode_state(state)).value(), state);
  state.tags = SavedTags{{{"role", "web"}, {"zone", ""}}, {{"role", "db"}}};
  EXPECT_EQ(decode_state(encode_state(state)).value(), state);
  state.tags = SavedTags{};
  EXPECT_EQ(decode_state(encode_state(state)).value(), state) << "all tags were taken away";
  std::string text = encode_state(state);
  text.replace(text.find("configured_tags"), 15, "something_else_");
  EXPECT_FALSE(decode_state(text));
}

class DataDirTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "hearsay_data_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    path_ = root_ / "data";
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string content() const {
    std::ifstream file(path_ / "state.json");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put(const std::string& text) const { std::ofstream(path_ / "state.json") << text; }

  fs::path root_;
  fs::path path_;
};

TEST_F(DataDirTest, a_new_directory_has_no_state_and_keeps_what_is_saved) {
  {
    const auto dir = DataDir::open(path_).value();
    EXPECT_EQ(dir->load().value(), std::nullopt);
    ASSERT_TRUE(dir->save(kState));
    EXPECT_EQ(dir->load().value(), kState);
  }
  const auto again = DataDir::open(path_).value();
  EXPECT_EQ(again->load().value(), kState);
  EXPECT_FALSE(fs::exists(path_ / "state.json.new"));
}

TEST_F(DataDirTest, only_its_owner_may_look_into_it) {
  const auto dir = DataDir::open(path_).value();
  ASSERT_TRUE(dir->save(kState));
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(path_ / "state.json").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(DataDirTest, a_second_agent_is_told_who_has_it) {
  auto dir = DataDir::open(path_).value();
  const auto second = DataDir::open(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::wrong_state);
  EXPECT_THAT(second.error().cause, HasSubstr(std::to_string(::getpid())));
  EXPECT_THAT(second.error().cure, HasSubstr("--data-dir"));
  dir.reset();
  EXPECT_TRUE(DataDir::open(path_));
}

TEST_F(DataDirTest, a_state_file_torn_anywhere_is_refused_and_left_alone) {
  const auto dir = DataDir::open(path_).value();
  const std::string whole = encode_state(kState);
  for (std::size_t bytes = 0; bytes + 2 < whole.size(); ++bytes) {  // the last two: the brace and the newline
    put(whole.substr(0, bytes));
    const auto loaded = dir->load();
    ASSERT_FALSE(loaded) << bytes;
    ASSERT_THAT(loaded.error().cause, HasSubstr("state.json is damaged"));
    ASSERT_THAT(loaded.error().cure, HasSubstr("mv "));
    ASSERT_EQ(content(), whole.substr(0, bytes));
  }
}

TEST_F(DataDirTest, a_state_file_with_wrong_fields_is_refused) {
  const auto dir = DataDir::open(path_).value();
  for (const char* text :
       {"[]", "{}", R"({"format":2,"name":"a","incarnation":1,"lamport":1,"left":false,"peers":[]})",
        R"({"format":1,"name":"a","incarnation":4294967296,"lamport":1,"left":false,"peers":[]})",
        R"({"format":1,"name":"a","incarnation":-1,"lamport":1,"left":false,"peers":[]})",
        R"({"format":1,"name":"a","incarnation":1.5,"lamport":1,"left":false,"peers":[]})",
        R"({"format":1,"name":"a","incarnation":1,"lamport":1,"left":0,"peers":[]})",
        R"({"format":1,"name":"a","incarnation":1,"lamport":1,"left":false,"peers":[1]})"}) {
    put(text);
    EXPECT_FALSE(dir->load()) << text;
  }
}

TEST_F(DataDirTest, a_left_over_of_a_crash_while_saving_does_no_harm) {
  const auto dir = DataDir::open(path_).value();
  ASSERT_TRUE(dir->save(kState));
  std::ofstream(path_ / "state.json.new") << "{\"form";
  EXPECT_EQ(dir->load().value(), kState);
  ASSERT_TRUE(dir->save(kState));
  EXPECT_EQ(dir->load().value(), kState);
}

TEST_F(DataDirTest, a_path_that_cannot_be_one_is_named_with_a_cure) {
  const auto missing = DataDir::open(root_ / "no" / "such");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().cause, HasSubstr("no/such"));
  EXPECT_THAT(missing.error().cure, HasSubstr("parent"));
  std::ofstream(root_ / "file") << "precious";
  const auto file = DataDir::open(root_ / "file");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().cure, HasSubstr("that is a file"));
  EXPECT_EQ(fs::file_size(root_ / "file"), 8u);
}

TEST_F(DataDirTest, a_failed_save_keeps_the_old_state_and_says_why) {
  const auto dir = DataDir::open(path_).value();
  ASSERT_TRUE(dir->save(kState));
  fs::create_directory(path_ / "state.json.new");  // in the way, whoever runs this test
  SavedState other = kState;
  other.name = "other";
  const auto saved = dir->save(other);
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().cause, HasSubstr("state.json.new"));
  EXPECT_EQ(dir->load().value(), kState);
}

TEST_F(DataDirTest, the_writer_saves_the_latest_state_before_it_ends) {
  const auto dir = DataDir::open(path_).value();
  unsigned results = 0;
  {
    StateWriter writer(*dir, [&](const Result<void>& result) { results += result ? 1u : 0u; });
    for (std::uint32_t i = 1; i <= 50; ++i) {
      SavedState state = kState;
      state.incarnation.value = i;
      writer.save(state);
    }
  }
  EXPECT_EQ(dir->load().value()->incarnation.value, 50u);
  EXPECT_GE(results, 1u);
}

TEST_F(DataDirTest, the_writer_tries_again_what_could_not_be_saved) {
  const auto dir = DataDir::open(path_).value();
  const fs::path obstacle = path_ / "state.json.new";
  fs::create_directory(obstacle);
  std::promise<bool> first;
  std::vector<bool> results;
  {
    StateWriter writer(*dir, [&](const Result<void>& result) {
      results.push_back(result.has_value());
      if (results.size() == 1) first.set_value(result.has_value());
    });
    writer.save(kState);
    EXPECT_FALSE(first.get_future().get());
    fs::remove(obstacle);
  }
  EXPECT_TRUE(results.back());
  EXPECT_EQ(dir->load().value(), kState);
}

TEST(State, names_that_are_not_text_are_kept_readable) {
  SavedState state = kState;
  state.peers = {{"a\xff\"b", "1.2.3.4:5"}};
  EXPECT_EQ(decode_state(encode_state(state)).value().peers[0].address, "1.2.3.4:5");
}

}  // namespace
}  // namespace hearsay::agent
