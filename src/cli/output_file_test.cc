#include "cli/output_file.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hearsay::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() : folder_(fs::temp_directory_path() / ("hearsay_output." + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
  }
  ~OutputFileTest() override { fs::remove_all(folder_); }
  std::string path(const char* name) const { return folder_ / name; }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
};

TEST_F(OutputFileTest, all_of_it_or_the_file_as_it_was) {
  std::ofstream(path("page.html")) << "old";
  {
    auto file = OutputFile::create(path("page.html"));
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(read(path("page.html")), "old") << "as long as nothing is committed";
  }
  EXPECT_EQ(files(), 1u) << "given up, and nothing is left behind";
  auto file = OutputFile::create(path("page.html"));
  ASSERT_TRUE(file->commit("new").has_value());
  EXPECT_EQ(read(path("page.html")), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, what_cannot_be_written_is_known_before_the_work) {
  const auto missing = OutputFile::create(path("nowhere/page.html"));
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().cause, HasSubstr("nowhere/page.html: No such file or directory"));
  EXPECT_EQ(missing.error().cure, "make its directory first");
  const auto folder = OutputFile::create(folder_.string());
  ASSERT_FALSE(folder.has_value());
  EXPECT_THAT(folder.error().cause, HasSubstr("it is a directory"));
  EXPECT_FALSE(OutputFile::create("/dev/null").has_value()) << "a device is not to be replaced";
  EXPECT_FALSE(OutputFile::create("").has_value());
  EXPECT_EQ(files(), 0u);
}

}  // namespace
}  // namespace hearsay::cli
