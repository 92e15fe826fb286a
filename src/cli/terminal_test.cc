#include "cli/terminal.h"

#include <gmock/gmock.h>

namespace hearsay::cli {
namespace {

const Terminal kPlain{[](std::string_view) {}, [](std::string_view) {}, false};
const Terminal kColour{[](std::string_view) {}, [](std::string_view) {}, true};

TEST(Table, columns_line_up_and_lines_have_no_trailing_spaces) {
  Table table({"Name", "Status", "Tags"});
  table.add({{"a"}, {"alive"}, {"role=db"}});
  table.add({{"longer"}, {"failed"}, {""}});
  EXPECT_EQ(table.render(kPlain),
            "Name    Status  Tags\n"
            "a       alive   role=db\n"
            "longer  failed\n");
}

TEST(Table, columns_line_up_with_names_beyond_ascii) {
  Table table({});
  table.add({{"h\xc3\xa9llo"}, {"x"}});
  table.add({{"hello"}, {"x"}});
  EXPECT_EQ(table.render(kPlain), "h\xc3\xa9llo  x\nhello  x\n");
}

TEST(Table, colour_does_not_move_columns) {
  Table table({"A", "B"});
  table.add({{"x", Style::good}, {"y", Style::bad}});
  table.add({{"long"}, {"z"}});
  EXPECT_EQ(table.render(kColour),
            "\x1b[2mA\x1b[0m     \x1b[2mB\x1b[0m\n\x1b[32mx\x1b[0m     \x1b[1;31my\x1b[0m\nlong  z\n");
}

TEST(Terminal, without_colour_nothing_is_painted) {
  EXPECT_EQ(kPlain.paint(Style::bad, "x"), "x");
  EXPECT_EQ(kColour.paint(Style::plain, "x"), "x");
}

TEST(Terminal, text_of_peers_cannot_drive_the_terminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\x7f"), "a\\x1b[2Jb\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");  // CSI as one character
  EXPECT_EQ(printable("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "1n\xe2\x81\xa9\xd8\x9c"),
            "\\u202e1n\\u2069\\u061c");
  EXPECT_EQ(printable("\xe2\x82\xac\xf0\x9f\x98\x80"), "\xe2\x82\xac\xf0\x9f\x98\x80");
}

}  // namespace
}  // namespace hearsay::cli
