#include "cli/commands.h"

int main(int count, char** words) {
  auto terminal = hearsay::cli::standard_terminal();
  return hearsay::cli::run(count, words, terminal);
}
