#include "cli/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hearsay::cli {

namespace {

constexpr double kLetter = 7;  // pixels, about

// 1, 2 or 5 times a power of ten, so that at most so many fit.
double tick_step(double span, int ticks_max) {
  const double rough = std::max(span, 1e-12) / ticks_max;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (power * times >= rough * 0.999) return power * times;
  }
  return power * 10;
}

std::string tick_text(double value, double step, bool percent) {
  if (percent) return short_number(value * 100) + " %";
  if (std::abs(value) >= 10'000 && step >= 1000) return short_number(value / 1000) + " k";
  return short_number(value, step < 0.01 ? 4 : 2);
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string short_number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string out = text;
  if (out.find('.') != std::string::npos) {
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

Chart::Chart(double height, Axis x, Axis y, std::string says, double right)
    : height_(height), x_(std::move(x)), y_(std::move(y)), says_(std::move(says)), right_(right) {
  if (!(x_.high > x_.low)) x_.high = x_.low + 1;
  if (!(y_.high > y_.low)) y_.high = y_.low + 1;
}

double Chart::x(double value) const {
  return kLeft + (value - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - right_);
}

double Chart::y(double value) const { return kTop + (1 - (value - y_.low) / (y_.high - y_.low)) * height_; }

std::string Chart::points_of(const std::vector<Point>& points) const {
  std::string out;
  for (const Point& point : points) {
    out += (out.empty() ? "M" : "L") + short_number(x(point.x), 1) + " " + short_number(y(point.y), 1);
  }
  return out;
}

void Chart::shape(const std::string& commands, std::string_view css, std::string_view tip) {
  if (commands.empty()) return;
  shapes_ += "<path class=\"" + std::string(css) + "\" d=\"" + commands + "\"";
  shapes_ += tip.empty() ? "/>\n" : "><title>" + html_text(tip) + "</title></path>\n";
}

void Chart::line(const std::vector<Point>& points, std::string_view css, std::string_view tip) {
  shape(points_of(points), css, tip);
}

void Chart::steps(const std::vector<Point>& points, std::string_view css, std::string_view tip) {
  std::vector<Point> corners;
  for (const Point& point : points) {
    if (!corners.empty()) corners.push_back({point.x, corners.back().y});
    corners.push_back(point);
  }
  line(corners, css, tip);
}

void Chart::area(const std::vector<Point>& upper, const std::vector<Point>& lower, std::string_view css,
                 std::string_view tip) {
  std::vector<Point> around = upper;
  around.insert(around.end(), lower.rbegin(), lower.rend());
  const std::string commands = points_of(around);
  if (!commands.empty()) shape(commands + "Z", css, tip);
}

void Chart::path(std::string_view commands, std::string_view css, std::string_view tip) {
  shape(std::string(commands), css, tip);
}

void Chart::mark(double at, std::string_view name) {
  if (at < x_.low || at > x_.high) return;
  const std::string here = short_number(x(at), 1);
  marks_ += "<path class=\"mark\" d=\"M" + here + " " + short_number(kTop - 4) + "V" +
            short_number(kTop + height_) + "\"><title>" + html_text(name) + "</title></path>\n";
  if (x(at) < mark_free_) return;
  const double width = kLetter * static_cast<double>(name.size());
  const bool end = x(at) + width > kWidth;
  mark_free_ = x(at) + width + kLetter;
  marks_ += "<text class=\"marked\" x=\"" + short_number(x(at) + (end ? 3 : -3), 1) + "\" y=\"" +
            short_number(kTop - 9) + "\"" + (end ? " text-anchor=\"end\"" : "") + ">" + html_text(name) +
            "</text>\n";
}

void Chart::label(double at, std::string_view text, std::string_view css) {
  const double low = kTop + height_ - 2;
  const double wanted = std::clamp(y(at) + 4, kTop + 8, low);
  const double place = std::max(wanted, label_free_);
  label_free_ = place + 14;
  labels_ += "<text class=\"" + std::string(css) + "\" x=\"" + short_number(kWidth - right_ + 8) + "\" y=\"" +
             short_number(place, 1) + "\">" + html_text(text) + "</text>\n";
}

void Chart::note(double at_x, double at_y, std::string_view text, std::string_view css, bool end) {
  labels_ += "<text class=\"" + std::string(css) + "\" x=\"" + short_number(x(at_x) + (end ? -6 : 6), 1) +
             "\" y=\"" + short_number(y(at_y) + 4, 1) + "\"" + (end ? " text-anchor=\"end\"" : "") + ">" +
             html_text(text) + "</text>\n";
}

std::string Chart::render() const {
  const double bottom = kTop + height_;
  const double right = kWidth - right_;
  std::string out = "<div class=\"plot\"><svg viewBox=\"0 0 " + short_number(kWidth) + " " +
                    short_number(bottom + kBottom) + "\" role=\"img\" aria-label=\"" + html_text(says_) + "\">\n";
  if (y_.numbers) {
    const double step =
        y_.percent ? 0.25 : tick_step(y_.high - y_.low, std::clamp(static_cast<int>(height_ / 40), 2, 6));
    for (double at = std::ceil(y_.low / step) * step; at <= y_.high + step / 1000; at += step) {
      const std::string here = short_number(y(at), 1);
      out += "<path class=\"grid\" d=\"M" + short_number(kLeft) + " " + here + "H" + short_number(right) + "\"/>";
      out += "<text class=\"tick\" text-anchor=\"end\" x=\"" + short_number(kLeft - 7) + "\" y=\"" +
             short_number(y(at) + 4, 1) + "\">" + tick_text(at, step, y_.percent) + "</text>\n";
    }
  }
  out += shapes_ + marks_;
  out += "<path class=\"axis\" d=\"M" + short_number(kLeft) + " " + short_number(bottom) + "H" +
         short_number(right) + "\"/>\n";
  const double step = tick_step(x_.high - x_.low, 8);
  for (double at = std::ceil(x_.low / step) * step; at <= x_.high + step / 1000; at += step) {
    const std::string here = short_number(x(at), 1);
    out += "<path class=\"axis\" d=\"M" + here + " " + short_number(bottom) + "v5\"/>";
    out += "<text class=\"tick\" text-anchor=\"middle\" x=\"" + here + "\" y=\"" + short_number(bottom + 18) +
           "\">" + tick_text(at, step, x_.percent) + "</text>\n";
  }
  out += "<text class=\"title\" text-anchor=\"middle\" x=\"" + short_number((kLeft + right) / 2) + "\" y=\"" +
         short_number(bottom + 36) + "\">" + html_text(x_.label) + "</text>\n";
  out += "<text class=\"title\" text-anchor=\"middle\" transform=\"translate(14 " +
         short_number(kTop + height_ / 2) + ") rotate(-90)\">" + html_text(y_.label) + "</text>\n";
  return out + labels_ + "</svg></div>\n";
}

}  // namespace hearsay::cli
