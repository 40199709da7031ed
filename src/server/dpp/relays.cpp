// SPDX-License-Identifier: Apache-2.0
#include "server/dpp/relays.h"

#include "base/events.h"
#include "base/limits.h"

namespace fairlead::server {

namespace {
constexpr std::size_t read_bytes_max = 4 * 1024;
}

// Carries one exchange. What computes or asks the registry runs on a worker.
struct DppRelays::Exchange {
  Exchange(DppRelays& relays, net::TcpConnection its_connection)
      : loop(relays.loop_),
        controller(relays.controller_),
        clock(relays.clock_),
        connection(std::move(its_connection)),
        configurator(relays.random_) {}

  // The next body; timed_out or io as TcpConnection::read has it.
  net::Task<Bytes> next_body(Time until) {
    for (;;) {
      if (auto body = joiner.next()) co_return std::move(*body);
      const Duration limit = std::max(until - clock(), Duration(1));
      auto reading = connection.read(read_bytes_max, limit);
      CO_TRY(Bytes bytes, co_await std::move(reading));
      CO_TRY_VOID(joiner.take(bytes));
    }
  }

  net::Task<dpp::Actions> on_worker(std::function<Result<dpp::Actions>()> work) {
    auto working = loop.on_worker(std::move(work));
    co_return co_await std::move(working);
  }

  // Who it is with, and the first thing to do.
  net::Task<dpp::Actions> open() {
    auto receiving = next_body(clock() + limits::dpp_step_deadline);
    CO_TRY(Bytes body, co_await std::move(receiving));
    auto opening = on_worker([this, body]() -> Result<dpp::Actions> {
      TRY(auto message, dpp::decode_opening(body));
      TRY(auto found, controller.require_device(message, clock()));
      known = std::move(found);
      if (std::holds_alternative<dpp::Announced>(message))
        return configurator.initiate(known->key, controller.bootstrap().clone(), clock());
      return configurator.respond(controller.bootstrap(), known->key, body, clock());
    });
    co_return co_await std::move(opening);
  }

  net::Task<void> carry_out(dpp::Actions actions) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      dpp::Action action = std::move(actions[i]);
      if (auto* send = std::get_if<dpp::Send>(&action)) {
        auto sending = connection.write(dpp::framed(send->body), limits::dpp_step_deadline);
        CO_TRY_VOID(co_await std::move(sending));
      } else if (auto* asked = std::get_if<dpp::Configure>(&action)) {
        auto deciding = on_worker([this, asked] { return decide(*asked); });
        CO_TRY(auto more, co_await std::move(deciding));
        std::ranges::move(more, std::back_inserter(actions));
      } else if (auto* done = std::get_if<dpp::Configured>(&action)) {
        controller.configured(known->device, *done, connection.peer(), clock());
      } else if (auto* failed = std::get_if<dpp::Failed>(&action)) {
        controller.failed(known->device, failed->why, connection.peer(), clock());
      }
    }
    co_return ok();
  }

  Result<dpp::Actions> decide(const dpp::Configure& asked) {
    auto objects = controller.configuration_for(known->device, asked);
    if (!objects) return configurator.refused(std::move(objects).error());
    return configurator.configured(std::move(*objects), true, clock());
  }

  net::Task<dpp::Actions> next() {
    auto receiving = next_body(*configurator.deadline());
    auto body = co_await std::move(receiving);
    if (!body && body.error().code == Errc::timed_out) co_return configurator.on_deadline();
    if (!body && body.error().code == Errc::io) co_return configurator.on_closed();
    if (!body) co_return std::unexpected(std::move(body).error());
    auto taking = on_worker([this, &body]() -> Result<dpp::Actions> {
      return configurator.on_message(*body, clock());
    });
    co_return co_await std::move(taking);
  }

  // To its end. An error is one that the configurator has not told of.
  net::Task<void> go_on(dpp::Actions actions) {
    for (;;) {
      auto doing = carry_out(std::move(actions));
      CO_TRY_VOID(co_await std::move(doing));
      if (configurator.ended()) co_return ok();
      auto waiting = next();
      CO_TRY(actions, co_await std::move(waiting));
    }
  }

  net::Loop& loop;
  DppController& controller;
  const Clock& clock;
  net::TcpConnection connection;
  dpp::Configurator configurator;
  dpp::BodyJoiner joiner;
  std::optional<DppController::Known> known;
};

net::Task<void> DppRelays::serve(net::TcpConnection connection) {
  Exchange exchange(*this, std::move(connection));
  auto opening = exchange.open();
  auto opened = co_await std::move(opening);
  if (!opened) {
    controller_.turned_away(exchange.connection.peer(), opened.error(), clock_());
    co_return ok();
  }
  auto going_on = exchange.go_on(std::move(*opened));
  auto ended = co_await std::move(going_on);
  if (!ended)
    controller_.failed(exchange.known->device, ended.error(), exchange.connection.peer(), clock_());
  co_return ok();
}

Result<std::unique_ptr<DppRelays>> DppRelays::listen(net::Loop& loop, Log& log,
                                                     const Listener& where,
                                                     DppController& controller, Random& random,
                                                     Clock clock) {
  std::unique_ptr<DppRelays> out(new DppRelays(loop, controller, random, std::move(clock)));
  net::TcpServerOptions options{where.address, where.port, limits::dpp_connections_max,
                                limits::dpp_connections_per_address_max};
  TRY(out->server_, net::TcpServer::listen(loop, log, std::move(options),
                                           [relays = out.get()](net::TcpConnection connection) {
                                             return relays->serve(std::move(connection));
                                           }));
  log(event::dpp_listening,
      {{"address", where.address},
       {"port", std::to_string(out->port())},
       {"hash", dpp::bootstrap_key(controller.bootstrap().point).hash().hex()}});
  return out;
}

}  // namespace fairlead::server
