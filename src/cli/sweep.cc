#include "cli/sweep.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <set>

#include "agent/text.h"
#include "agent/version.h"
#include "base/hash.h"
#include "cli/fault_words.h"
#include "cli/plan_file.h"
#include "cli/plan_read.h"
#include "cli/sweep_experiments.h"

namespace hearsay::cli {
namespace {

using agent::Given;

// " (0123456789abcdef)": another file of this name is another sweep.
std::string hash_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  base::Hasher hash;
  for (char c = 0; file.get(c);) hash.add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  char text[24];
  std::snprintf(text, sizeof text, " (%016llx)", static_cast<unsigned long long>(hash.value()));
  return text;
}

class SweepMaker {
 public:
  LoadedSweep make(const SweepWords& words) {
    sweep_.of = words.of.value_or("cluster");
    sweep_.seeds = words.seeds.value_or(10);
    if (sweep_.of != "cluster" && sweep_.of != "spread") {
      fault("--of " + sweep_.of, "", "there is no such experiment", "choose cluster or spread");
      return take();
    }
    read_seed(words);
    read_figures(words);
    if (!words.points.empty() && !words.vary.empty()) {
      fault("--point", "", "--vary makes a grid, --point a list; they do not mix", "use one of them");
    } else if (!words.points.empty()) {
      read_list(words.points);
    } else {
      read_grid(words);
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
      const std::string text = plain_text(given);
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), sweep_.first_seed);
      if (error != std::errc() || stop != text.data() + text.size()) {
        fault(given.where, given.key, "\"" + text + "\" is not a whole number", "write the first of the seeds");
      }
    }
    if (sweep_.first_seed > UINT64_MAX - kRunsMax) {
      fault("--seed", "", "so large a seed leaves no room for those after it", "give a smaller one");
    }
    if (sweep_.seeds < 1) fault("--seeds", "", "0 seeds are no run at all", "give 1 or more");
  }

  void read_figures(const SweepWords& words) {
    const FigureNames& names = figure_names(sweep_.of);
    const auto& wanted = words.figures;
    sweep_.figures = wanted.empty() ? names.usual : std::vector<std::string>();
    const bool expects = sweep_.of == "cluster" && std::ranges::any_of(words.values, [](const Given& given) {
                           return given.key.starts_with("expect.");
                         });
    std::vector<std::string_view> known(names.all.begin(), names.all.end());
    if (expects) known.push_back(kExpected);
    for (const auto& list : wanted) {
      for (const auto& name : split(list, ',')) {
        if (name == "all") {
          sweep_.figures = names.all;
        } else if (std::ranges::count(known, name) == 0) {
          const auto near = agent::closest(name, known);
          std::string some;
          for (const auto& one : names.usual) some += (some.empty() ? "" : ", ") + one;
          fault(words.figures_where.empty() ? "--figures " + name : words.figures_where, "figures",
                "there is no figure \"" + name + "\"",
                near.empty()
                    ? "usual ones are " + some + "; all are in `hearsay sim " + sweep_.of + " --format json`"
                    : "did you mean " + std::string(near) + "?");
        } else if (std::ranges::count(sweep_.figures, name) == 0) {
          sweep_.figures.push_back(name);
        }
      }
    }
    auto always = names.always;
    if (expects) always.emplace_back(kExpected);
    for (const auto& name : always) {
      if (std::ranges::count(sweep_.figures, name) == 0) sweep_.figures.push_back(name);
    }
  }

  // A knob that may vary, and has not been named before.
  bool add_key(const std::string& where, const std::string& key) {
    if (key.empty() || is_seed(key)) {
      fault(where, key, key.empty() ? "it names no knob" : "seeds are not a knob",
            key.empty() ? "write for example network.loss=0,0.05" : "--seeds says how many runs each point has");
      return false;
    }
    if (std::ranges::count(sweep_.keys, key) > 0) {
      fault(where, key, "it varies already", "give all its values at once");
      return false;
    }
    sweep_.keys.push_back(key);
    wheres_.push_back(where);
    return true;
  }

  // Those of the file, with the values of --vary where it names the same knob, then the other ones of --vary.
  static std::vector<SweepAxis> axes_of(const SweepWords& words) {
    std::vector<SweepAxis> axes = words.axes;
    for (const auto& text : words.vary) {
      const auto equals = text.find('=');
      const std::string key = trimmed(text.substr(0, equals));
      const std::string list = equals == std::string::npos ? "" : trimmed(text.substr(equals + 1));
      SweepAxis axis{"--vary " + key, key, list.empty() ? std::vector<std::string>() : split(list, ',')};
      const auto same = std::ranges::find_if(
          axes, [&](const SweepAxis& one) { return !one.where.starts_with("--") && one.key == plan_key(key); });
      if (same != axes.end()) {
        *same = std::move(axis);
      } else {
        axes.push_back(std::move(axis));
      }
    }
    return axes;
  }

  void read_grid(const SweepWords& words) {
    std::vector<std::vector<std::string>> axes;
    double count = 1;
    for (auto& [where, key, values] : axes_of(words)) {
      if (!add_key(where, key)) continue;
      count *= static_cast<double>(values.size());
      if (values.empty()) fault(where, key, "it has no values", "write for example " + key + "=VALUE,VALUE");
      for (const auto& value : values) {
        if (std::ranges::count(values, value) > 1) {
          fault(where, key, "the value " + value + " stands there twice", "leave one out");
          break;
        }
      }
      axes.push_back(std::move(values));
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
        for (const auto& key : keys) add_key("--point " + key, key);
      } else if (keys != sweep_.keys) {
        fault("--point " + text, "", "all points name the same knobs in the same order",
              "the first one begins the rule");
      }
      sweep_.points.push_back(std::move(values));
    }
  }

  void too_many(double points) {
    fault("--vary", "",
          "the grid has " + number_text(points) + " points; " + std::to_string(kPointsMax) + " are the most",
          "vary less, or in several sweeps");
  }
  void check_size() {
    if (sweep_.seeds > kRunsMax || sweep_.points.size() * sweep_.seeds > kRunsMax) {
      fault("--seeds", "",
            std::to_string(sweep_.points.size()) + " points with " + std::to_string(sweep_.seeds) + " seeds are " +
                number_text(static_cast<double>(sweep_.points.size()) * static_cast<double>(sweep_.seeds)) +
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
        values.push_back({sweep_.keys[i], wheres_[i], point[i]});
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
      if (is_seed(given.key) || given.key == "measure.figures") continue;  // said below
      text += given.key + " = " + plain_text(given) + "\n";
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
  std::vector<std::string> wheres_;  // of the keys
};

}  // namespace

bool Sweep::is_share(std::size_t figure) const {
  return std::ranges::count(figure_names(of).shares, figures[figure]) > 0;
}

LoadedSweep make_sweep(const SweepWords& words) { return SweepMaker().make(words); }

}  // namespace hearsay::cli
