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
  auto began = std::chrono::steady_clock::now();
  std::promise<Result<void>> durable;
  commits_.submit(std::move(transaction),
                  [&](Result<void> result) { durable.set_value(std::move(result)); });
  auto result = durable.get_future().get();
  commit_latency_.add(std::chrono::steady_clock::now() - began);
  if (result && checkpoint_) TRY_VOID(checkpoint_(point_of(caller) + ".durable"));
  return result;
}

std::vector<Result<void>> Store::commit_all(std::vector<registry::Transaction> transactions,
                                            std::source_location caller) {
  std::vector<Result<void>> outcomes(transactions.size());
  auto reached = checkpoint_ ? checkpoint_(point_of(caller) + ".before") : ok();
  if (!reached) return std::vector<Result<void>>(transactions.size(), reached);
  std::vector<std::promise<Result<void>>> durable(transactions.size());
  for (std::size_t i = 0; i < transactions.size(); ++i)
    commits_.submit(std::move(transactions[i]), [&promise = durable[i]](Result<void> result) {
      promise.set_value(std::move(result));
    });
  for (std::size_t i = 0; i < durable.size(); ++i) outcomes[i] = durable[i].get_future().get();
  if (checkpoint_) reached = checkpoint_(point_of(caller) + ".durable");
  return reached ? outcomes : std::vector<Result<void>>(outcomes.size(), reached);
}

void Store::commit_soon(registry::Transaction transaction) {
  commits_.submit(std::move(transaction), [](Result<void> result) {
    ignore(result, "the caller chose not to know; the log has the event too");
  });
}

registry::Change timeline(const DeviceId& device, Time at, const LogEvent& event, Fields fields) {
  return registry::AppendEvent{{0, device, at, std::string(event.id), std::move(fields)}};
}

}  // namespace fairlead::server
