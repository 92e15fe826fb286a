#include "cli/sweep.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <set>

#include "agent/text.h"
#include "agent/version.h"
#include "base/hash.h"
#include "cli/sweep_experiments.h"

namespace hearsay::cli {
namespace {

using agent::Given;

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string given_text(const Given& given) {
  if (const auto* text = std::get_if<std::string>(&given.value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&given.value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&given.value)) return exact_text(*number);
  if (const auto* flag = std::get_if<bool>(&given.value)) return *flag ? "true" : "false";
  return "a list";
}

// " (0123456789abcdef)": another file of this name is another sweep.
std::string hash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  base::Hasher hash;
  for (char c = 0; file.get(c);) hash.add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  char text[24];
  std::snprintf(text, sizeof text, " (%016llx)", static_cast<unsigned long long>(hash.value()));
  return text;
}

class Maker {
 public:
  LoadedSweep make(const SweepWords& words) {
    sweep_.of = words.of;
    sweep_.seeds = words.seeds;
    if (words.of != "cluster" && words.of != "spread") {
      fault("--of " + words.of, "", "there is no such experiment", "choose cluster or spread");
      return take();
    }
    read_seed(words);
    read_figures(words.figures);
    if (!words.points.empty() && !words.vary.empty()) {
      fault("--point", "", "--vary makes a grid, --point a list; they do not mix", "use one of them");
    } else if (!words.points.empty()) {
      read_list(words.points);
    } else {
      read_grid(words.vary);
    }
    check_size();
    if (loaded_.faults.empty()) make_experiment(words);
    if (loaded_.faults.empty()) describe(words);
    return take();
  }

 private:
  void fault(std::string where, std::string key, std::string cause, std::string cure) {
    loaded_.faults.push_back({std::move(where), std::move(key), std::move(cause), std::move(cure)});
  }
  LoadedSweep take() {
    loaded_.sweep = std::move(sweep_);
    return std::move(loaded_);
  }

  static bool is_seed(std::string_view key) { return key == "cluster.seed" || key == "seed"; }

  void read_seed(const SweepWords& words) {
    for (const Given& given : words.values) {
      if (!is_seed(given.key)) continue;
      const std::string text = given_text(given);
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), sweep_.first_seed);
      if (error != std::errc() || stop != text.data() + text.size()) {
        fault(given.where, given.key, "\"" + text + "\" is not a whole number", "write the first of the seeds");
      }
    }
    if (sweep_.first_seed > UINT64_MAX - kRunsMax) {
      fault("--seed", "", "so large a seed leaves no room for those after it", "give a smaller one");
    }
    if (words.seeds < 1) fault("--seeds", "", "0 seeds are no run at all", "give 1 or more");
  }

  void read_figures(const std::vector<std::string>& wanted) {
    const FigureNames& names = figure_names(sweep_.of);
    sweep_.figures = wanted.empty() ? names.usual : std::vector<std::string>();
    const std::vector<std::string_view> known(names.all.begin(), names.all.end());
    for (const auto& list : wanted) {
      for (const auto& name : split(list, ',')) {
        if (name == "all") {
          sweep_.figures = names.all;
        } else if (std::ranges::count(known, name) == 0) {
          const auto near = agent::closest(name, known);
          std::string some;
          for (const auto& one : names.usual) some += (some.empty() ? "" : ", ") + one;
          fault("--figures " + name, "", "there is no such figure",
                near.empty()
                    ? "usual ones are " + some + "; all are in `hearsay sim " + sweep_.of + " --format json`"
                    : "did you mean " + std::string(near) + "?");
        } else if (std::ranges::count(sweep_.figures, name) == 0) {
          sweep_.figures.push_back(name);
        }
      }
    }
    for (const auto& name : names.always) {
      if (std::ranges::count(sweep_.figures, name) == 0) sweep_.figures.push_back(name);
    }
  }

  // A knob that may vary, and has not been named before.
  bool add_key(const std::string& where, const std::string& key) {
    if (key.empty() || is_seed(key)) {
      fault(where + " " + key, key, key.empty() ? "it names no knob" : "seeds are not a knob",
            key.empty() ? "write for example network.loss=0,0.05" : "--seeds says how many runs each point has");
      return false;
    }
    if (std::ranges::count(sweep_.keys, key) > 0) {
      fault(where + " " + key, key, "it varies already", "give all its values at once");
      return false;
    }
    sweep_.keys.push_back(key);
    return true;
  }

  void read_grid(const std::vector<std::string>& vary) {
    std::vector<std::vector<std::string>> axes;
    double count = 1;
    for (const auto& axis : vary) {
      const auto equals = axis.find('=');
      const std::string key = trimmed(axis.substr(0, equals));
      if (!add_key("--vary", key)) continue;
      const std::string list = equals == std::string::npos ? "" : trimmed(axis.substr(equals + 1));
      axes.push_back(split(list, ','));
      count *= static_cast<double>(axes.back().size());
      if (list.empty())
        fault("--vary " + key, key, "it has no values", "write for example " + key + "=VALUE,VALUE");
      for (const auto& value : axes.back()) {
        if (std::ranges::count(axes.back(), value) > 1) {
          fault("--vary " + key, key, "the value " + value + " stands there twice", "leave one out");
          break;
        }
      }
    }
    if (count > kPointsMax) {
      too_many(count);
      return;
    }
    if (!loaded_.faults.empty()) return;
    std::vector<std::string> point(axes.size());
    grow_grid(axes, point, 0);
  }

  void grow_grid(const std::vector<std::vector<std::string>>& axes, std::vector<std::string>& point,
                 std::size_t axis) {
    if (axis == axes.size()) {
      sweep_.points.push_back(point);
      return;
    }
    for (const auto& value : axes[axis]) {
      point[axis] = value;
      grow_grid(axes, point, axis + 1);
    }
  }

  void read_list(const std::vector<std::string>& points) {
    sweep_.grid = false;
    if (points.size() > kPointsMax) return too_many(static_cast<double>(points.size()));
    for (const auto& text : points) {
      std::vector<std::string> keys;
      std::vector<std::string> values;
      for (const auto& pair : split(text, ',')) {
        const auto equals = pair.find('=');
        keys.push_back(trimmed(pair.substr(0, equals)));
        values.push_back(equals == std::string::npos ? "" : trimmed(pair.substr(equals + 1)));
        if (values.back().empty())
          fault("--point " + keys.back(), keys.back(), "it has no value", "write KEY=VALUE,KEY=VALUE");
      }
      if (sweep_.points.empty()) {
        for (const auto& key : keys) add_key("--point", key);
      } else if (keys != sweep_.keys) {
        fault("--point " + text, "", "all points name the same knobs in the same order",
              "the first one begins the rule");
      }
      sweep_.points.push_back(std::move(values));
    }
  }

  void too_many(double points) {
    fault("--vary", "",
          "the grid has " + exact_text(points) + " points; " + std::to_string(kPointsMax) + " are the most",
          "vary less, or in several sweeps");
  }
  void check_size() {
    if (sweep_.seeds > kRunsMax || sweep_.points.size() * sweep_.seeds > kRunsMax) {
      fault("--seeds", "",
            std::to_string(sweep_.points.size()) + " points with " + std::to_string(sweep_.seeds) + " seeds are " +
                exact_text(static_cast<double>(sweep_.points.size()) * static_cast<double>(sweep_.seeds)) +
                " runs; " + std::to_string(kRunsMax) + " are the most",
            "give fewer seeds or fewer values");
    }
  }

  void make_experiment(const SweepWords& words) {
    std::vector<std::vector<Given>> all;
    for (const auto& point : sweep_.points) {
      std::vector<Given> values;
      for (const Given& given : words.values) {
        if (!is_seed(given.key)) values.push_back(given);
      }
      for (std::size_t i = 0; i < sweep_.keys.size(); ++i) {
        values.push_back({sweep_.keys[i], (sweep_.grid ? "--vary " : "--point ") + sweep_.keys[i], point[i]});
      }
      all.push_back(std::move(values));
    }
    auto made = sweep_.of == "cluster" ? make_clusters(all, words.config_file, sweep_.figures)
                                       : make_spreads(all, sweep_.figures);
    sweep_.experiment = std::move(made.experiment);
    // A fault of the words is a fault of every point.
    std::set<std::string> seen;
    for (auto& one : made.faults) {
      if (seen.insert(one.where + '\n' + one.key + '\n' + one.cause).second)
        loaded_.faults.push_back(std::move(one));
    }
  }

  void describe(const SweepWords& words) {
    std::string& text = sweep_.description;
    text = "hearsay " + std::string(agent::version()) + ", sweep of " + sweep_.of + "\n";
    for (const Given& given : words.values) {
      if (!is_seed(given.key)) text += given.key + " = " + given_text(given) + "\n";
    }
    if (words.config_file)
      text += "configuration = " + *words.config_file + hash_of_file(*words.config_file) + "\n";
    for (std::size_t i = 0; i < sweep_.keys.size(); ++i) {
      text += "vary " + sweep_.keys[i] + " =";
      std::vector<std::string> values;
      for (const auto& point : sweep_.points) {
        if (!sweep_.grid || std::ranges::count(values, point[i]) == 0) values.push_back(point[i]);
      }
      for (const auto& value : values) text += " " + value;
      text += "\n";
    }
    text +=
        "seeds = " + std::to_string(sweep_.seeds) + " from " + std::to_string(sweep_.first_seed) + "\nfigures =";
    for (const auto& figure : sweep_.figures) text += " " + figure;
    text += "\n";
  }

  LoadedSweep loaded_;
  Sweep sweep_;
};

}  // namespace

bool Sweep::is_share(std::size_t figure) const {
  return std::ranges::count(figure_names(of).shares, figures[figure]) > 0;
}

LoadedSweep make_sweep(const SweepWords& words) { return Maker().make(words); }

std::string exact_text(double value) {
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return error == std::errc() ? std::string(text, end) : std::string();
}

}  // namespace hearsay::cli
