// The one table of commands. Dispatch, --help and suggestions come from it. The only unit that sees CLI11, whose
// templates are slow to compile.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>

#include "agent/text.h"
#include "agent/version.h"
#include "cli/commands.h"

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

void add_output_options(CLI::App& app, Arguments& arguments) {
  app.add_option_function<std::string>(
         "--format", [&arguments](const std::string& format) { arguments.json = format == "json"; },
         "text for people, json for programs")
      ->check(CLI::Validator(
          [](const std::string& format) {
            return format == "text" || format == "json" ? std::string() : "\"" + format + "\" is not text or json";
          },
          ""))
      ->type_name("text|json");
  app.add_flag("--no-color", arguments.no_color, "no colours, as with NO_COLOR");
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
  app.add_option_function<std::vector<std::string>>(
         flag,
         [&arguments, flag, key](const std::vector<std::string>& values) {
           arguments.settings.push_back({key, flag, values});
         },
         help)
      ->type_name(type)
      ->type_size(1)
      ->allow_extra_args(false);
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
  add_setting(app, arguments, "--profile", "profile", "local|lan|wan",
              "timings for the distance between nodes (default: lan)");
  add_setting(app, arguments, "--log-level", "log_level", "LEVEL", "debug, info, warning or error (default: info)");
  add_setting(app, arguments, "--log-format", "log_format", "text|json",
              "the log on standard error (default: text)");
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&arguments](const std::vector<std::string>& pairs) {
           for (const auto& pair : pairs) {
             const std::size_t equals = std::min(pair.find('='), pair.size());
             arguments.settings.push_back({pair.substr(0, equals), "--set " + pair.substr(0, equals),
                                           pair.substr(std::min(equals + 1, pair.size()))});
           }
         },
         "any other key, for example swim.probe_interval=500ms; repeatable")
      ->type_name("KEY=VALUE")
      ->type_size(1)
      ->allow_extra_args(false);
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
  app.add_option("--tag", arguments.tags, "only with this tag; * and ? stand for any text; repeatable")
      ->type_name("KEY=PATTERN")
      ->type_size(1)
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

void declare_info(CLI::App& app, Arguments& arguments) {
  declare_client(app, arguments);
  app.add_flag("--all", arguments.all, "all counters, not only what was dropped or failed");
}

void declare_keygen(CLI::App& app, Arguments& arguments) {
  add_output_options(app, arguments);
  app.add_option("--bytes", arguments.key_bytes, "16, 24 or 32")
      ->check(CLI::IsMember({16u, 24u, 32u}))
      ->type_name("N")
      ->capture_default_str();
}

struct Command {
  const char* name;
  const char* summary;
  void (*declare)(CLI::App&, Arguments&);
  int (*run)(const Arguments&, Terminal&);
};

constexpr Command kCommands[] = {
    {"agent", "Run an agent: a member of the cluster", &declare_agent, &run_agent},
    {"members", "List the members as an agent sees them", &declare_members, &run_members},
    {"join", "Make an agent join a cluster", &declare_join, &run_join},
    {"leave", "Make an agent leave its cluster and end", &declare_client, &run_leave},
    {"info", "Show an agent's health, queues and losses", &declare_info, &run_info},
    {"why", "Explain why an agent believes what it believes of a member", &declare_why, &run_why},
    {"monitor", "Follow what an agent learns, until Ctrl-C", &declare_monitor, &run_monitor},
    {"keygen", "Make a key for --encrypt or a keyring file", &declare_keygen, &run_keygen},
    {"version", "Show the version and the protocols", &add_output_options, &run_version},
};

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

}  // namespace

int run(int count, const char* const* words, Terminal& terminal) {
  Arguments arguments;
  CLI::App app("The gossip layer for a cluster: who is there, who has crashed, who is leaving.", "hearsay");
  app.set_help_flag("-h,--help", "Print this help and end");
  app.set_version_flag("--version", "hearsay " + std::string(agent::version()), "Print the version and end");
  app.footer("Exit status: 0 done, 1 failed, 2 wrong usage. `hearsay COMMAND --help` tells more.");
  std::map<const CLI::App*, const Command*> commands;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    command.declare(*sub, arguments);
    commands[sub] = &command;
  }
  const Command* chosen = nullptr;
  const CLI::App* where = &app;
  try {
    app.parse(count, words);
    if (app.get_subcommands().empty()) {
      terminal.err(app.help());
      return kUsage;
    }
    chosen = commands.at(app.get_subcommands().front());
  } catch (const CLI::Success& done) {  // help or version
    if (!app.get_subcommands().empty()) where = app.get_subcommands().front();
    terminal.out(dynamic_cast<const CLI::CallForVersion*>(&done) != nullptr
                     ? std::string(done.what()) + "\n"
                     : where->help(where == &app ? "" : "hearsay"));
    return kDone;
  } catch (const CLI::ParseError& error) {
    if (!app.get_subcommands().empty()) where = app.get_subcommands().front();
    const std::string name = where == &app ? "hearsay" : "hearsay " + where->get_name();
    std::string what = complaint_about(*where, app.remaining(true));
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr || what.empty()) what = error.what();
    terminal.err(name + ": " + printable(what) + "\n  `" + name + " --help` lists what there is.\n");
    return kUsage;
  }
  if (arguments.no_color) terminal.colour = false;
  return chosen->run(arguments, terminal);
}

}  // namespace hearsay::cli
