// The one table of commands. Dispatch, --help, the manual, completions and suggestions come from it. With manual.cc
// and the declare files the only units that see CLI11, whose templates are slow to compile.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>

#include "agent/text.h"
#include "agent/version.h"
#include "cli/api_client.h"
#include "cli/commands.h"
#include "cli/declare.h"
#include "cli/manual.h"
#include "cli/ranks.h"

namespace hearsay::cli {
namespace {

void add_client_options(CLI::App& app, Arguments& arguments) {
  // Not CLI11's envname: it would let the commands that were not chosen overwrite the flag of the one that was.
  if (const char* address = std::getenv("HEARSAY_HTTP_ADDR"); address != nullptr && *address != '\0') {
    arguments.http = address;
  }
  app.add_option("--http", arguments.http,
                 "the agent, HOST:PORT or unix:PATH (default: HEARSAY_HTTP_ADDR, or 127.0.0.1:7980)")
      ->type_name("ADDR");
}

// A flag of `hearsay agent` that sets a key of the configuration.
CLI::Option* add_setting(CLI::App& app, Arguments& arguments, const std::string& flag, const std::string& key,
                         const char* type, const char* help) {
  return app
      .add_option_function<std::string>(
          flag,
          [&arguments, flag, key](const std::string& value) {
            arguments.settings.push_back({key, flag, value});
          },
          help)
      ->type_name(type);
}

void add_list_setting(CLI::App& app, Arguments& arguments, const std::string& flag, const std::string& key,
                      const char* type, const char* help) {
  const auto take = [&arguments, flag, key](const std::vector<std::string>& values) {
    arguments.settings.push_back({key, flag, values});
  };
  repeatable(app.add_option_function<std::vector<std::string>>(flag, take, help), type);
}

void declare_agent(CLI::App& app, Arguments& arguments) {
  app.add_option("--config", arguments.config_file, "a TOML file; flags override it")->type_name("FILE");
  add_setting(app, arguments, "--name", "name", "NAME", "unique in the cluster (default: the host's name)");
  add_setting(app, arguments, "--bind", "bind", "IP[:PORT]",
              "where to listen, UDP and TCP (default: 0.0.0.0:7946)");
  add_setting(app, arguments, "--advertise", "advertise", "IP[:PORT]",
              "what others dial (default: the bound address, or the first private one of this machine)");
  add_setting(app, arguments, "--http", "http", "IP[:PORT]",
              "the HTTP interface; \"\" switches it off (default: 127.0.0.1:7980)");
  add_setting(app, arguments, "--http-socket", "http_socket", "PATH",
              "the HTTP interface on a Unix socket as well");
  add_list_setting(app, arguments, "--join", "join", "PEER",
                   "a peer to contact, HOST[:PORT], until one answers; repeatable");
  add_setting(app, arguments, "--data-dir", "data_dir", "DIR", "keeps incarnation and peers across restarts");
  add_setting(app, arguments, "--encrypt", "encrypt", "KEY",
              "a key from `hearsay keygen`; it shows in `ps`, so prefer --keyring-file");
  add_setting(app, arguments, "--keyring-file", "keyring_file", "FILE",
              "a JSON list of keys; the first one encrypts");
  add_setting(app, arguments, "--label", "label", "TEXT",
              "separates clusters on one network; not with Serf agents");
  add_list_setting(app, arguments, "--tag", "tags", "KEY=VALUE", "published with this member; repeatable");
  add_setting(app, arguments, "--family", "family", "swim|heartbeat",
              "how nodes learn of each other; the same in the whole cluster (default: swim)");
  add_setting(app, arguments, "--profile", "profile", "local|lan|wan",
              "timings for the distance between nodes (default: lan)");
  add_setting(app, arguments, "--log-level", "log_level", "LEVEL", "debug, info, warning or error (default: info)");
  add_setting(app, arguments, "--log-format", "log_format", "text|json",
              "the log on standard error (default: text)");
  add_each(app, "--set", "KEY=VALUE", "any other key, for example swim.probe_interval=500ms; repeatable",
           [&arguments](const std::string& pair) { add_pair(arguments, pair); });
  app.add_flag("--check", arguments.check, "only check the configuration");
  app.add_flag("--print-config", arguments.print_config, "print the effective configuration and end");
}

void declare_members(CLI::App& app, Arguments& arguments) {
  add_client_options(app, arguments);
  add_output_options(app, arguments);
  app.add_option("--status", arguments.status, "only these: alive, suspect, leaving, left, failed")
      ->type_name("STATUS")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--name", arguments.name, "only names like this; * and ? stand for any text")
      ->type_name("PATTERN");
  repeatable(app.add_option("--tag", arguments.tags, "only with this tag; * and ? stand for any text; repeatable"),
             "KEY=PATTERN");
  app.add_option("--state", arguments.state_columns, "show these keys of the members' own states as columns")
      ->type_name("KEY[,KEY]")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--where", arguments.where,
                 "only with these values in their own state; * and ? stand for any text")
      ->type_name("KEY=PATTERN[,...]")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--detailed", arguments.detailed, "incarnation, last contact and protocol versions as well");
}

void declare_join(CLI::App& app, Arguments& arguments) {
  add_client_options(app, arguments);
  add_output_options(app, arguments);
  app.add_option("PEER", arguments.peers, "HOST[:PORT] of a member of the cluster")->required()->type_name("");
}

void declare_client(CLI::App& app, Arguments& arguments) {
  add_client_options(app, arguments);
  add_output_options(app, arguments);
}

void declare_monitor(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_option("--last", arguments.last, "how many past changes to begin with (default: 10)")->type_name("N");
}

void declare_why(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_option("NAME", arguments.member, "the member in question")->required()->type_name("");
}

void declare_force_leave(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_option("NAME", arguments.member, "a member that failed and will not return")->required()->type_name("");
  app.add_flag("--prune", arguments.prune, "forget it at once, everywhere");
}

void declare_tags(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  repeatable(app.add_option("--set", arguments.set, "add this tag or change it; repeatable"), "KEY=VALUE");
  repeatable(app.add_option("--delete", arguments.remove, "take this tag away; repeatable"), "KEY");
}

void declare_info(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_flag("--all", arguments.all, "all counters, not only what was dropped or failed");
  app.add_flag("--settings", arguments.settings_in_force, "the settings in force, and where each comes from");
}

void declare_state(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_option("ACTION", arguments.state_action,
                 "get NODE [KEY]; set KEY VALUE; delete KEY...; publish KEY=VALUE...; watch [NODE]")
      ->required()
      ->check(CLI::IsMember({"get", "set", "delete", "publish", "watch"}))
      ->type_name("");
  // One by one: CLI11 takes a word such as [1,2] apart when it may be one of many.
  const auto add_word = [&](const char* name, const char* help) {
    app.add_option_function<std::string>(
           name, [&arguments](const std::string& word) { arguments.state_words.push_back(word); }, help)
        ->type_name("");
  };
  add_word("WORD", "a node, a key, or KEY=VALUE");
  add_word("VALUE", "of set; - reads it from standard input");
  app.add_option("MORE", arguments.more_words, "more keys, or more of KEY=VALUE")->type_name("");
  app.add_option("--ttl", arguments.ttl, "set, publish: the keys are deleted after this time unless written again")
      ->type_name("TIME");
  app.add_option("--if-version", arguments.if_version,
                 "set, delete, publish: only if the keys have this version; 0: if they are not there")
      ->type_name("N");
  auto* wait = app.add_option("--wait", arguments.wait,
                              "set, delete, publish: until so many members are known to hold it: 95%, all, or 7")
                   ->type_name("SHARE");
  app.add_option("--timeout", arguments.timeout, "wait so long, at most 10m; without it 10s")
      ->type_name("TIME")
      ->needs(wait);
}

void declare_keys(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_option("ACTION", arguments.key_action, "list, install, use or remove")
      ->required()
      ->check(CLI::IsMember({"list", "install", "use", "remove"}))
      ->type_name("");
  app.add_option("KEY", arguments.key,
                 "in base64; - reads it from standard input, so that it does not show in `ps`")
      ->type_name("");
  app.add_flag("--force", arguments.force, "even if some members cannot read the others afterwards");
}

void declare_keygen(CLI::App& app, Arguments& arguments) {
  add_output_options(app, arguments);
  app.add_option("--bytes", arguments.key_bytes, "16, 24 or 32")
      ->check(CLI::IsMember({16u, 24u, 32u}))
      ->type_name("N")
      ->capture_default_str();
}

void declare_repair_generation(CLI::App& app, Arguments& arguments) {
  add_output_options(app, arguments);
  app.add_option("DIR", arguments.repair_dir, "the data directory of an agent that has been stopped")
      ->required()
      ->type_name("");
}

std::string full_name(const CLI::App* app) {
  return app->get_parent() == nullptr ? "hearsay" : full_name(app->get_parent()) + " " + app->get_name();
}

void declare_help(CLI::App& app, Arguments& arguments) {
  app.add_option("COMMAND", arguments.topic, "the command in question (default: all of them)")->type_name("");
  app.add_flag("--man", arguments.man, "the whole manual, in the language of man(7)");
}

void declare_completion(CLI::App& app, Arguments& arguments) {
  app.add_option("SHELL", arguments.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("");
}

int print_help(const CLI::App& app, const Arguments& arguments, Terminal& terminal) {
  if (arguments.man) {
    terminal.out(man_page(app));
    return kDone;
  }
  const CLI::App* where = &app;
  for (const auto& word : arguments.topic) {
    const auto found = where->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; });
    if (found.empty()) {
      return report(terminal, "help",
                    {Errc::invalid_argument, "there is no command \"" + word + "\"", "`hearsay help` lists all"});
    }
    where = found.front();
  }
  terminal.out(where->help(where == &app ? "" : full_name(where->get_parent())));
  return kDone;
}

int print_completion(const CLI::App& app, const Arguments& arguments, Terminal& terminal) {
  terminal.out(completion(app, arguments.shell));
  return kDone;
}

struct Command {
  const char* name;  // "sim cluster": a command of a group
  const char* summary;
  void (*declare)(CLI::App&, Arguments&);
  int (*run)(const Arguments&, Terminal&);
  int (*print)(const CLI::App&, const Arguments&, Terminal&) = nullptr;  // for those about the table itself
};

constexpr Command kCommands[] = {
    {"agent", "Run an agent: a member of the cluster", &declare_agent, &run_agent},
    {"members", "List the members as an agent sees them", &declare_members, &run_members},
    {"join", "Make an agent join a cluster", &declare_join, &run_join},
    {"leave", "Make an agent leave its cluster and end", &declare_client, &run_leave},
    {"force-leave", "Say of a failed member that it left, so that nobody waits for it", &declare_force_leave,
     &run_force_leave},
    {"tags", "Show an agent's tags, or change them", &declare_tags, &run_tags},
    {"reload", "Make an agent read its configuration again", &declare_client, &run_reload},
    {"info", "Show an agent's health, queues and losses", &declare_info, &run_info},
    {"why", "Explain why an agent believes what it believes of a member", &declare_why, &run_why},
    {"monitor", "Follow what an agent learns, until Ctrl-C", &declare_monitor, &run_monitor},
    {"state", "Show or change what nodes say about themselves", &declare_state, &run_state},
    {"keys", "List or change the keys of the whole cluster", &declare_keys, &run_keys},
    {"keygen", "Make a key for --encrypt or a keyring file", &declare_keygen, &run_keygen},
    {"repair-generation", "Let an agent go on whose generation no peer believes", &declare_repair_generation,
     &run_repair_generation},
    {"sim cluster", "Run a whole cluster under virtual time, with faults", &declare_sim_cluster, &run_sim_cluster},
    {"sim replay", "Show what happened in a cluster under virtual time, line by line", &declare_sim_replay,
     &run_sim_replay},
    {"sim swarm", "Try many clusters with random faults, and check what must always hold", &declare_sim_swarm,
     &run_sim_swarm},
    {"sim spread", "Spread a rumor among up to ten million nodes", &declare_sim_spread, &run_sim_spread},
    {"sim sweep", "Repeat a simulation over many values of its knobs and many seeds", &declare_sim_sweep,
     &run_sim_sweep},
    {"help", "Show the help of a command, or the manual", &declare_help, nullptr, &print_help},
    {"completion", "Print what makes a shell complete hearsay's words", &declare_completion, nullptr,
     &print_completion},
    {"version", "Show the version and the protocols", &add_output_options, &run_version},
};

struct Group {
  const char* name;
  const char* summary;
};

constexpr Group kGroups[] = {
    {"sim", "Try a cluster before you deploy it"},
};

// Where the command belongs, which is made when it is not there.
CLI::App& group_of(CLI::App& app, const std::string& name) {
  for (const Group& group : kGroups) {
    if (name != group.name) continue;
    const auto known = app.get_subcommands([&](CLI::App* sub) { return sub->get_name() == name; });
    if (!known.empty()) return *known.front();
    return *app.add_subcommand(group.name, group.summary)->require_subcommand(0, 1);
  }
  return app;
}

// The command that was named, group or command of a group; the program itself when none was.
const CLI::App* innermost(const CLI::App& app) {
  const CLI::App* where = &app;
  while (!where->get_subcommands().empty()) where = where->get_subcommands().front();
  return where;
}

// What to say of words that are neither command nor option, with the nearest that is.
std::string complaint_about(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const auto option = std::find_if(words.begin(), words.end(), [](const auto& word) { return word[0] == '-'; });
  const std::string& word = option != words.end() ? *option : words.front();
  const bool command = option == words.end() && !app.get_subcommands({}).empty();
  std::vector<std::string> known;
  for (const auto* sub : app.get_subcommands({})) known.push_back(sub->get_name());
  for (const auto* flag : app.get_options()) {
    for (const auto& name : flag->get_lnames()) known.push_back("--" + name);
  }
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const auto near = agent::closest(word.substr(0, word.find('=')), candidates);
  std::string text = option != words.end() ? "there is no option " + word
                     : command             ? "there is no command \"" + word + "\""
                                           : "\"" + word + "\" is one word too many";
  if (!near.empty()) text += "; did you mean " + std::string(near) + "?";
  return text;
}

// A word as a shell reads it.
std::string quoted(std::string_view word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./:@=+,%").find(c) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, plain)) return std::string(word);
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

}  // namespace

int run(int count, const char* const* words, Terminal& terminal) {
  // Started together by mpirun, one speaks for all; and it speaks into a pipe that looks like a terminal.
  if (const RankPlace place = rank_place(); place.size > 1 && count > 2 && std::string_view(words[2]) == "sweep") {
    terminal.colour = false;
    if (place.rank > 0) terminal.out = terminal.err = [](std::string_view) {};
  }
  Arguments arguments;
  CLI::App app("The gossip layer for a cluster: who is there, who has crashed, who is leaving.", "hearsay");
  app.set_help_flag("-h,--help", "Print this help and end");
  app.set_version_flag("--version", "hearsay " + std::string(agent::version()), "Print the version and end");
  app.require_subcommand(0, 1);  // or "hearsay help join" would run join
  app.footer("Exit status: 0 done, 1 failed, 2 wrong usage. `hearsay COMMAND --help` tells more.");
  std::map<const CLI::App*, const Command*> commands;
  for (const Command& command : kCommands) {
    const std::string name = command.name;
    const auto space = name.find(' ');
    CLI::App& parent = space == std::string::npos ? app : group_of(app, name.substr(0, space));
    CLI::App* sub = parent.add_subcommand(name.substr(space + 1), command.summary);
    command.declare(*sub, arguments);
    commands[sub] = &command;
  }
  const Command* chosen = nullptr;
  try {
    app.parse(count, words);
    const CLI::App* where = innermost(app);
    if (!commands.contains(where)) {  // none, or only a group
      terminal.err(where->help(where == &app ? "" : full_name(where->get_parent())));
      return kUsage;
    }
    chosen = commands.at(where);
  } catch (const CLI::Success& done) {  // help or version
    const CLI::App* where = innermost(app);
    terminal.out(dynamic_cast<const CLI::CallForVersion*>(&done) != nullptr
                     ? std::string(done.what()) + "\n"
                     : where->help(where == &app ? "" : full_name(where->get_parent())));
    return kDone;
  } catch (const CLI::ParseError& error) {
    const CLI::App* where = innermost(app);
    std::string what = complaint_about(*where, app.remaining(true));
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr || what.empty()) what = error.what();
    terminal.err(full_name(where) + ": " + printable(what) + "\n  `" + full_name(where) +
                 " --help` lists what there is.\n");
    return kUsage;
  }
  if (arguments.no_color) terminal.colour = false;
  arguments.command = "hearsay";
  for (int i = 1; i < count; ++i) arguments.command += " " + quoted(words[i]);
  return chosen->print != nullptr ? chosen->print(app, arguments, terminal) : chosen->run(arguments, terminal);
}

}  // namespace hearsay::cli
