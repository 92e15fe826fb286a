#include "agent/keyring_file.h"

#include <boost/json/value.hpp>

#include "agent/file.h"
#include "base/base64.h"
#include "http/json.h"

namespace hearsay::agent {

KeyringText decode_keyring(std::string_view text) {
  const auto parsed = http::parse_json(text);
  if (!parsed) return {{}, {"is " + parsed.error().cause}};
  if (!parsed->is_array() || parsed->get_array().empty()) return {{}, {"holds no list of keys"}};
  KeyringText out;
  std::size_t number = 0;
  for (const auto& entry : parsed->get_array()) {
    ++number;
    std::optional<Bytes> key;
    if (entry.is_string()) key = base::from_base64({entry.get_string().data(), entry.get_string().size()});
    if (key && (key->size() == 16 || key->size() == 24 || key->size() == 32)) {
      out.keys.push_back(std::move(*key));
    } else {
      out.faults.push_back("its key " + std::to_string(number) + " is not base64 of 16, 24 or 32 bytes");
    }
  }
  return out;
}

std::string encode_keyring(const std::vector<Bytes>& keys) {
  boost::json::array list;
  for (const Bytes& key : keys) list.emplace_back(base::to_base64(key));
  return http::pretty(list) + "\n";
}

Result<void> save_keyring(const std::string& path, const std::vector<Bytes>& keys) {
  return replace_file(path, encode_keyring(keys), "--keyring-file");
}

}  // namespace hearsay::agent
