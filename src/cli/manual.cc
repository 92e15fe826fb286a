#include "cli/manual.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "agent/version.h"

namespace hearsay::cli {
namespace {

using Apps = std::vector<const CLI::App*>;

Apps commands_of(const CLI::App& app) {
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  return {all.begin(), all.end()};
}

// "sim cluster": without the program's name.
std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return {};
  const std::string before = path_of(*parent);
  return before + (before.empty() ? "" : " ") + app.get_name();
}

// Text that troff prints as it is.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '-')
      out += "\\-";
    else if (c == '\\')
      out += "\\e";
    else
      out += c;
  }
  return out;
}

// "-h, --help", or a positional's name.
std::string names_of(const CLI::Option& option) {
  std::string out;
  for (const auto& name : option.get_snames()) out += (out.empty() ? "-" : ", -") + name;
  for (const auto& name : option.get_lnames()) out += (out.empty() ? "--" : ", --") + name;
  return out.empty() ? option.get_name(true) : out;
}

void write_command(const CLI::App& app, std::string& out) {
  const Apps inner = commands_of(app);
  if (inner.empty()) {
    std::string head = "hearsay " + path_of(app);
    for (const auto* option : app.get_options()) {
      if (option->get_positional())
        head += " " + option->get_name(true) + (option->get_expected_max() > 1 ? "..." : "");
    }
    out += ".SS \"" + roff(head) + "\"\n" + roff(app.get_description()) + ".\n";
    for (const auto* option : app.get_options()) {
      const std::string type = option->get_type_name();
      out += ".TP\n\\fB" + roff(names_of(*option)) + "\\fR";
      if (!type.empty()) out += " \\fI" + roff(type) + "\\fR";
      out += "\n" + roff(option->get_description()) + "\n";
    }
  }
  for (const auto* command : inner) write_command(*command, out);
}

std::string shell_text(std::string_view text) {  // for a shell, in single quotes
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// What may follow a command: its commands and options.
std::string words_of(const CLI::App& app) {
  std::string out;
  for (const auto* command : commands_of(app)) out += (out.empty() ? "" : " ") + command->get_name();
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out += (out.empty() ? "--" : " --") + name;
  }
  return out;
}

void write_cases(const CLI::App& app, std::string& out) {
  if (app.get_parent() != nullptr)
    out += "    " + shell_text(path_of(app)) + ") words=" + shell_text(words_of(app)) + " ;;\n";
  for (const auto* command : commands_of(app)) write_cases(*command, out);
}

std::string bash(const CLI::App& app) {
  std::string groups;
  for (const auto* command : commands_of(app)) {
    if (!commands_of(*command).empty()) groups += (groups.empty() ? "" : "|") + command->get_name();
  }
  std::string out = R"(_hearsay() {
  local command=${COMP_WORDS[1]} words
  case $command in
    )" + groups + R"() [ "$COMP_CWORD" -gt 2 ] && command="$command ${COMP_WORDS[2]}" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && command=
  case $command in
    '') words=)" + shell_text(words_of(app)) +
                    " ;;\n";
  write_cases(app, out);
  out += R"(    *) words= ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _hearsay hearsay
)";
  return out;
}

void write_fish(const CLI::App& app, std::string& out) {
  const std::string path = path_of(app);
  const std::string condition =
      path.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + app.get_name();
  for (const auto* command : commands_of(app)) {
    out += "complete -c hearsay -f -n " + shell_text(condition) + " -a " + command->get_name() + " -d " +
           shell_text(command->get_description()) + "\n";
  }
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      out += "complete -c hearsay -n " + shell_text(condition) + " -l " + name +
             (option->get_type_name().empty() ? "" : " -r") + " -d " + shell_text(option->get_description()) + "\n";
    }
  }
  for (const auto* command : commands_of(app)) write_fish(*command, out);
}

}  // namespace

std::string man_page(const CLI::App& app) {
  std::string out =
      ".TH HEARSAY 1 \"\" \"hearsay " + roff(std::string(agent::version())) + "\" \"User Commands\"\n";
  out += ".SH NAME\nhearsay \\- the gossip layer for a cluster\n";
  out += ".SH SYNOPSIS\n.B hearsay\n\\fICOMMAND\\fR [\\fIOPTION\\fR]...\n";
  out += ".SH DESCRIPTION\n" + roff(app.get_description()) + "\n.SH COMMANDS\n";
  write_command(app, out);
  out +=
      ".SH SIGNALS OF THE AGENT\n.TP\nSIGINT\nleaves the cluster and ends\n.TP\nSIGTERM\nends without leaving, as "
      "for a restart\n.TP\nSIGHUP\nreads the configuration again\n";
  out +=
      ".SH ENVIRONMENT\n.TP\nHEARSAY_HTTP_ADDR\nthe agent to ask, when \\fB\\-\\-http\\fR does not say so\n.TP\n"
      "NO_COLOR\nno colours, if it is set\n";
  out += ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage.\n";
  return out;
}

std::string completion(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") return bash(app);
  if (shell == "zsh") return "#compdef hearsay\nautoload -U +X bashcompinit && bashcompinit\n" + bash(app);
  std::string out;
  if (shell == "fish") write_fish(app, out);
  return out;
}

}  // namespace hearsay::cli
