// Plots as inline SVG: axes with units, lines, areas, marks. Colours are classes of the page, so that light, dark
// and paper each have their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearsay::cli {

// Fit for the text and the attributes of HTML and SVG.
std::string html_text(std::string_view text);
// As short as it stays exact to so many decimals: "12", "0.5".
std::string short_number(double value, int decimals = 3);

struct Point {
  double x = 0;
  double y = 0;
};

struct Axis {
  double low = 0;
  double high = 1;
  std::string label;  // "seconds after the crash"
  bool percent = false;
  bool numbers = true;  // false: no ticks, no numbers
};

class Chart {
 public:
  static constexpr double kWidth = 920;
  static constexpr double kLeft = 62;
  static constexpr double kRight = 150;  // for labels beside the lines
  static constexpr double kTop = 26;     // for labels of marks
  static constexpr double kBottom = 42;

  // `height` is that of the plot itself, `right` the room beside it. `says` tells what is seen to who does not see
  // it.
  Chart(double height, Axis x, Axis y, std::string says, double right = kRight);

  double x(double value) const;
  double y(double value) const;
  // Anything outside of the axes is cut off by the page.
  void line(const std::vector<Point>& points, std::string_view css, std::string_view tip = {});
  // Stays at a value until the next point.
  void steps(const std::vector<Point>& points, std::string_view css, std::string_view tip = {});
  void area(const std::vector<Point>& upper, const std::vector<Point>& lower, std::string_view css,
            std::string_view tip = {});
  // Raw shapes in pixels, as of x() and y(): "M..." commands.
  void path(std::string_view commands, std::string_view css, std::string_view tip = {});
  // A moment, with its name above the plot where there is room for it.
  void mark(double at, std::string_view name);
  // Text right of the plot, moved down where it would cover another. Calls from above to below.
  void label(double at, std::string_view text, std::string_view css);
  // Text inside of the plot.
  void note(double at_x, double at_y, std::string_view text, std::string_view css, bool end = false);
  std::string render() const;

 private:
  std::string points_of(const std::vector<Point>& points) const;
  void shape(const std::string& commands, std::string_view css, std::string_view tip);

  double height_;
  Axis x_;
  Axis y_;
  std::string says_;
  double right_;
  std::string shapes_;
  std::string marks_;
  std::string labels_;
  double mark_free_ = 0;    // pixels: names of marks end here
  double label_free_ = -1;  // likewise, downwards
};

}  // namespace hearsay::cli
