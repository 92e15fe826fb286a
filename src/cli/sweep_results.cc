#include "cli/sweep_results.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <system_error>

#include "agent/file.h"
#include "cli/fault_words.h"
#include "cli/output_file.h"

namespace hearsay::cli {
namespace {

std::string why() { return std::generic_category().message(errno); }

bool read_all(int fd, std::string& into) {
  char block[1 << 16];
  for (;;) {
    const ssize_t count = ::read(fd, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    into.append(block, static_cast<std::size_t>(count));
  }
}

std::string comment_of(const Sweep& sweep) {
  std::string out = "# ";
  for (const char c : sweep.description) {
    out += c;
    if (c == '\n') out += "# ";
  }
  out.resize(out.size() - 2);  // the description ends its last line
  return out;
}

// The first line that differs, for whoever wonders why the file is refused.
std::string difference(std::string_view there, std::string_view here) {
  const auto next = [](std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
  };
  while (!there.empty() || !here.empty()) {
    const auto a = next(there);
    const auto b = next(here);
    if (a == b) continue;
    if (a.substr(0, 1) != "#" && b.substr(0, 1) != "#") break;
    return "it says \"" + std::string(a.substr(0, 200)) + "\" where this one says \"" +
           std::string(b.substr(0, 200)) + "\"";
  }
  return "its columns are others";
}

}  // namespace

std::string csv_text(std::string_view text) {
  if (text.find_first_of(",\"\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string results_head(const Sweep& sweep) {
  std::string out = comment_of(sweep) + "point";
  for (const auto& key : sweep.keys) out += "," + csv_text(key);
  out += ",seed";
  for (const auto& figure : sweep.figures) out += "," + figure;
  return out + "\n";
}

std::string run_line(const Sweep& sweep, std::size_t run, const Row& row) {
  const std::size_t point = sweep.point_of(run);
  std::string out = std::to_string(point);
  for (const auto& value : sweep.points[point]) out += "," + csv_text(value);
  out += "," + std::to_string(sweep.seed_of(run));
  for (const auto& value : row) out += "," + (value ? number_text(*value) : std::string());
  return out + "\n";
}

std::optional<std::pair<std::size_t, Row>> parse_run_line(const Sweep& sweep, std::string_view line) {
  std::size_t point = 0;
  const char* end = line.data() + line.size();
  const auto [at, error] = std::from_chars(line.data(), end, point);
  if (error != std::errc() || point >= sweep.points.size()) return std::nullopt;
  // What stands before the figures is known; so it is compared, not parsed.
  std::string head = std::to_string(point);
  for (const auto& value : sweep.points[point]) head += "," + csv_text(value);
  head += ",";
  if (!line.starts_with(head)) return std::nullopt;
  std::uint64_t seed = 0;
  const auto [after, wrong] = std::from_chars(line.data() + head.size(), end, seed);
  if (wrong != std::errc() || seed < sweep.first_seed || seed - sweep.first_seed >= sweep.seeds)
    return std::nullopt;
  std::string_view rest = line.substr(static_cast<std::size_t>(after - line.data()));
  Row row;
  while (!rest.empty()) {
    if (rest[0] != ',') return std::nullopt;
    rest.remove_prefix(1);
    const std::string_view cell = rest.substr(0, rest.find(','));
    rest.remove_prefix(cell.size());
    if (cell.empty()) {
      row.emplace_back();
      continue;
    }
    double value = 0;
    const auto [stop, bad] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (bad != std::errc() || stop != cell.data() + cell.size()) return std::nullopt;
    row.emplace_back(value);
  }
  if (row.size() != sweep.figures.size()) return std::nullopt;
  return std::pair(point * sweep.seeds + (seed - sweep.first_seed), std::move(row));
}

ResultsFile::~ResultsFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Rows> ResultsFile::open(const std::string& path, const Sweep& sweep) {
  sweep_ = &sweep;
  path_ = path;
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) return fail(Errc::io, path + " cannot be written: " + why(), "check the path and its permissions");
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::io, "another sweep is writing " + path, "wait for it, or choose another --out");
  }
  std::string text;
  if (!read_all(fd_, text)) return fail(Errc::io, path + " cannot be read: " + why(), "is it a file?");
  const std::string head = results_head(sweep);
  Rows rows;
  // Killed while it wrote the head: nothing is lost with it.
  if (head.starts_with(text)) {
    if (::ftruncate(fd_, 0) != 0 || !agent::write_all(fd_, head)) return fail(Errc::io, path + ": " + why());
    return rows;
  }
  if (!text.starts_with(head)) {
    return fail(Errc::invalid_argument, path + " holds another sweep: " + difference(text, head),
                "repeat its words to go on with it, or choose another --out");
  }
  std::size_t number = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
  std::size_t at = head.size();
  for (std::size_t end = text.find('\n', at); end != std::string::npos; end = text.find('\n', at)) {
    ++number;
    auto run = parse_run_line(sweep, std::string_view(text).substr(at, end - at));
    if (!run || !rows.insert(std::move(*run)).second) {
      return fail(Errc::invalid_argument,
                  path + ":" + std::to_string(number) + " is no run of this sweep, or the second one",
                  "remove the line to have it run again");
    }
    at = end + 1;
  }
  if (at < text.size() && ::ftruncate(fd_, static_cast<off_t>(at)) != 0) return fail(Errc::io, path + ": " + why());
  return rows;
}

Result<void> ResultsFile::add(std::size_t run, const Row& row) {
  if (agent::write_all(fd_, run_line(*sweep_, run, row))) return {};
  return fail(Errc::io, path_ + " cannot be written: " + why(),
              "what it holds is valid; make room and repeat the words");
}

Result<void> ResultsFile::finish(const Rows& rows) {
  std::string text = results_head(*sweep_);
  for (const auto& [run, row] : rows) text += run_line(*sweep_, run, row);
  auto file = OutputFile::create(path_);
  if (!file) return tl::unexpected(file.error());
  return file->commit(text);
}

}  // namespace hearsay::cli
