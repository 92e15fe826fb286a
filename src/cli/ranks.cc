#include "cli/ranks.h"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "mpi/ranks.h"

namespace hearsay::cli {
namespace {

int number_in(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : std::atoi(text);
}

}  // namespace

RankPlace rank_place() {
  RankPlace place;  // Open MPI's words, then those of MPICH and its kin
  place.rank = number_in("OMPI_COMM_WORLD_RANK", number_in("PMI_RANK", 0));
  place.size = std::max(1, number_in("OMPI_COMM_WORLD_SIZE", number_in("PMI_SIZE", 1)));
  place.here = std::max(1, number_in("OMPI_COMM_WORLD_LOCAL_SIZE", number_in("MPI_LOCALNRANKS", 1)));
  return place;
}

Result<std::unique_ptr<Ranks>> Ranks::join() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  constexpr const char* kName = "hearsay-mpi.so";
  std::string fault = "there is no " + std::string(kName) + " beside the program or in " HEARSAY_PLUGIN_DIR;
  // In the build tree; in an installed tree, wherever it was moved; where it was installed.
  for (const auto& path : {program / kName, program / ".." / HEARSAY_PLUGIN_SUBDIR / kName,
                           std::filesystem::path(HEARSAY_PLUGIN_DIR) / kName}) {
    if (!std::filesystem::exists(path, error)) continue;
    // Open MPI loads parts of its own, which look for its symbols among all that are known.
    void* plugin = ::dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (plugin == nullptr) {
      fault = ::dlerror();
      break;
    }
    const auto begin = reinterpret_cast<decltype(&hearsay_mpi_begin)>(::dlsym(plugin, "hearsay_mpi_begin"));
    const HearsayRanks* door = begin == nullptr ? nullptr : begin();
    if (door != nullptr && door->version == mpi::kRanksVersion) return std::unique_ptr<Ranks>(new Ranks(*door));
    fault = path.string() + " is of another version of hearsay, or MPI does not start";
    break;
  }
  return fail(Errc::not_found, "mpirun started several of us, and they cannot find each other: " + fault,
              "build with Open MPI installed (cmake -DHEARSAY_MPI=ON), or run it without mpirun");
}

int Ranks::rank() const { return door_.rank; }
int Ranks::size() const { return door_.size; }
void Ranks::send(int to, const std::string& text) const { door_.send(to, text.data(), text.size()); }

std::optional<std::pair<int, std::string>> Ranks::take() const {
  int from = 0;
  const long bytes = door_.poll(&from);
  if (bytes < 0) return std::nullopt;
  std::string text(static_cast<std::size_t>(bytes), '\0');
  door_.receive(from, text.data(), text.size());
  return std::pair(from, std::move(text));
}

std::pair<int, std::string> Ranks::wait() const {
  for (;;) {
    if (auto message = take()) return std::move(*message);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Ranks::finish() const { door_.finish(); }

}  // namespace hearsay::cli
