// SPDX-License-Identifier: Apache-2.0
#include "cli/context.h"
#include "client/provision/provision.h"
#include "crypto/system_random.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t code_file_bytes_max = 1024;

Answer<std::string> code_for(Context& context) {
  if (context.in.has("button")) return std::string();
  if (!context.in.has("code-file")) return context.console.ask_secret("Code on the label: ");
  TRY(auto text, read_text_file(context.in.get("code-file"), code_file_bytes_max));
  std::string code = text.substr(0, text.find_first_of("\r\n"));
  if (code.empty()) return problem(ProblemKind::usage, "there is no code in the file");
  return code;
}

}  // namespace

Answer<void> provision(Context& context) {
  client::ProvisionRequest request;
  request.access.button = context.in.has("button");
  request.claim.account = context.in.get("account");
  request.claim.name = context.in.get("name");
  TRY(request.access.code, code_for(context));
  TRY(auto device, context.connect_device(context.in.get("address")));
  client::HttpCarrier carrier(*device);
  crypto::SystemRandom random;
  client::Bystander bystander{[&](std::string_view text) { context.console.note(text); },
                              context.wait};
  TRY(auto done, client::provision(carrier, context.api, request, random, bystander));
  if (context.as_json())
    context.print(json::serialize(json::object{{"device", done.device}}) + "\n");
  else
    context.print(done.device + "\n");
  return {};
}

}  // namespace fairlead::cli
