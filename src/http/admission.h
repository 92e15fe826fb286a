// Who may talk to an agent's HTTP server from inside a browser: nobody but its own pages.
//
// A web page elsewhere can make a browser send requests to 127.0.0.1. Two checks stop it: a name that was
// rebound to our address shows in the Host field (the browser still believes it talks to that name), and a
// request from another page shows in the Origin and Sec-Fetch-Site fields.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace hearsay::http {

// An IP literal with or without port, "localhost", a name below ".localhost", or one of `names`.
bool is_own_host(std::string_view host, std::span<const std::string> names);

// The refusal for a request that a foreign page may have caused; none when it may pass. `names` are the host
// names under which this server is known beside IP literals and localhost.
std::optional<Response> refuse_foreign(const Request& request, std::span<const std::string> names);

}  // namespace hearsay::http
