// SPDX-License-Identifier: Apache-2.0
// Connections as a person names them: a server by URL and authority, a device by URL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "client/operator/problem.h"

namespace fairlead::tool {

struct ServerAddress {
  std::string url;          // "https://edge.example:8041"
  std::string ca;           // PEM file of its authority; empty: those of this machine
  bool plain_http = false;  // http:// to another machine too
  // How a person says so here, for the refusal: "or say --plain-http". Empty: here they can't.
  std::string_view plain_http_words{};
};
// Nothing is sent yet. usage: the URL is none, or would send a token in the clear; failed: the
// authority's file.
client::Answer<std::unique_ptr<client::Transport>> connect_server(const ServerAddress& server);

// "HOST:PORT" is short for "http://HOST:PORT".
std::string device_url(const std::string& address);

// A device in provisioning mode at "http://HOST:PORT". Its session is
// sealed in itself; the carrier needs no protection.
client::Answer<std::unique_ptr<client::Transport>> connect_device(const std::string& url);

}  // namespace fairlead::tool
