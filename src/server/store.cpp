// SPDX-License-Identifier: Apache-2.0
#include "server/store.h"

#include <future>

namespace fairlead::server {

namespace {

// "owner.stage" of ".../owner.cpp" and "Result<void> fairlead::server::Owner::stage(const ...".
std::string point_of(const std::source_location& caller) {
  constexpr std::string_view unnamed = "(anonymous namespace)";
  std::string_view file = caller.file_name(), function = caller.function_name();
  file = file.substr(file.rfind('/') + 1);
  if (auto at = function.find(unnamed); at != function.npos)
    function.remove_prefix(at + unnamed.size());
  function = function.substr(0, function.find('('));
  function = function.substr(function.rfind(':') + 1);
  return std::string(file.substr(0, file.find('.'))) + "." + std::string(function);
}

}  // namespace

Result<void> Store::commit(registry::Transaction transaction, std::source_location caller) {
  if (checkpoint_) TRY_VOID(checkpoint_(point_of(caller) + ".before"));
  std::promise<Result<void>> durable;
  commits_.submit(std::move(transaction),
                  [&](Result<void> result) { durable.set_value(std::move(result)); });
  auto result = durable.get_future().get();
  if (result && checkpoint_) TRY_VOID(checkpoint_(point_of(caller) + ".durable"));
  return result;
}

registry::Change timeline(const DeviceId& device, Time at, const LogEvent& event, Fields fields) {
  return registry::AppendEvent{{0, device, at, std::string(event.id), std::move(fields)}};
}

}  // namespace fairlead::server
