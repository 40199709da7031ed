// SPDX-License-Identifier: Apache-2.0
#include "codec/dns/services.h"

#include <arpa/inet.h>

#include <algorithm>

namespace fairlead::dns {

namespace {

std::string numeric(const Bytes& address) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.data(), text, sizeof text);
  return text;
}

// A host name becomes a part of a URI; what isn't one (RFC 1123 §2.1) is of no use to us.
std::string host_text(const Name& name) {
  std::string out;
  for (const std::string& label : name) {
    bool good = !label.empty() && std::ranges::all_of(label, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!good) return {};
    out += (out.empty() ? "" : ".") + label;
  }
  return out;
}

void add_once(std::vector<std::string>& to, std::string address) {
  if (to.size() < addresses_of_host_max && std::ranges::count(to, address) == 0)
    to.push_back(std::move(address));
}

}  // namespace

std::vector<std::string> addresses_in(const Message& message, const Name& host) {
  std::vector<std::string> out;
  for (const Record& record : message.records)
    if (const auto* address = std::get_if<Address>(&record.data);
        address && same(record.name, host))
      add_once(out, numeric(address->bytes));
  return out;
}

const Services::Host* Services::find_host(const Name& name) const {
  auto known =
      std::ranges::find_if(hosts_, [&](const Host& each) { return same(each.name, name); });
  return known == hosts_.end() ? nullptr : &*known;
}

void Services::take(const Record& record, const std::string& source) {
  const auto known = [&](const Name& name) {
    return std::ranges::find_if(instances_,
                                [&](const Instance& each) { return same(each.name, name); });
  };
  if (const auto* pointer = std::get_if<Pointer>(&record.data)) {
    const Name& target = pointer->target;
    bool ours = same(record.name, type_) && target.size() == type_.size() + 1 &&
                same({target.begin() + 1, target.end()}, type_);
    if (!ours) return;
    auto place = known(target);
    // RFC 6762 §10.1: by multicast a TTL of 0 says that the service is gone. Name servers mean no
    // more by it than that nobody should keep the answer.
    bool goodbye = record.ttl_seconds == 0 && !source.empty();
    if (goodbye && place != instances_.end()) instances_.erase(place);
    if (goodbye || place != instances_.end()) return;
    if (instances_.size() < instances_max) instances_.push_back({target, {}, {}});
  } else if (const auto* service = std::get_if<Service>(&record.data)) {
    auto place = known(record.name);
    if (place == instances_.end()) return;
    place->service = *service;
    place->source = source;
  }
}

void Services::on_answer(const Message& message, const std::string& source) {
  if (!message.response) return;
  // A pointer may stand behind what it makes understandable.
  for (int pass = 0; pass < 2; ++pass)
    for (const Record& record : message.records)
      if (std::holds_alternative<Pointer>(record.data) == (pass == 0)) take(record, source);
  for (const Instance& each : instances_) {
    if (!each.service) continue;
    const Name& target = each.service->target;
    auto addresses = addresses_in(message, target);
    if (addresses.empty()) continue;
    if (!find_host(target)) hosts_.push_back({target, {}});
    auto host = std::ranges::find_if(hosts_, [&](const Host& h) { return same(h.name, target); });
    for (std::string& address : addresses) add_once(host->addresses, std::move(address));
  }
}

std::vector<Question> Services::missing() const {
  std::vector<Question> out;
  if (instances_.empty()) out.push_back({type_, Type::ptr});
  for (const Instance& each : instances_) {
    if (!each.service) {
      out.push_back({each.name, Type::srv});
    } else if (!find_host(each.service->target)) {
      out.push_back({each.service->target, Type::a});
      out.push_back({each.service->target, Type::aaaa});
    }
  }
  return out;
}

std::vector<Services::Found> Services::found() const {
  std::vector<Found> out;
  for (const Instance& each : instances_) {
    if (!each.service || each.service->port == 0) continue;
    Found found{each.name.front(),  each.service->priority,          each.service->weight,
                each.service->port, host_text(each.service->target), {}};
    if (found.host.empty()) continue;
    // Who answered is known to be reachable that way.
    if (!each.source.empty()) found.addresses = {each.source};
    if (const Host* host = find_host(each.service->target))
      for (const std::string& address : host->addresses) add_once(found.addresses, address);
    out.push_back(std::move(found));
  }
  return out;
}

// RFC 2782: "arrange all SRV RRs (that have not been ordered yet) in any order, except that all
// those with weight 0 are placed at the beginning of the list." We give weight 0 a share of one.
void order_by_lot(std::vector<Services::Found>& services,
                  const std::function<std::uint64_t(std::uint64_t)>& draw) {
  for (std::size_t i = 0; i < services.size(); ++i) {
    auto rest = std::span(services).subspan(i);
    auto best = std::ranges::min(rest, {}, &Services::Found::priority).priority;
    std::uint64_t sum = 0;
    for (const auto& each : rest)
      if (each.priority == best) sum += each.weight + 1u;
    auto lot = draw(sum);
    for (auto& each : rest) {
      if (each.priority != best) continue;
      if (lot <= each.weight) {
        std::swap(rest.front(), each);
        break;
      }
      lot -= each.weight + 1u;
    }
  }
}

}  // namespace fairlead::dns
