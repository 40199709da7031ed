// SPDX-License-Identifier: Apache-2.0
#include "client/scan/browser.h"

#include <arpa/inet.h>

#include <algorithm>
#include <set>

#include "client/operator/problem.h"

namespace fairlead::client {

namespace {

const dns::Name& service_name() {
  static const dns::Name name = dns::name_of(device_service);
  return name;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

// "SN101.acme.example" of SN101\.acme\.example._fairlead-dev._tcp.local.
std::optional<std::string> instance_label(const dns::Name& name) {
  if (name.size() != service_name().size() + 1) return std::nullopt;
  if (!dns::same({name.begin() + 1, name.end()}, service_name())) return std::nullopt;
  return name.front();
}

std::string address_text(const Bytes& bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

bool is_link_local(std::string_view address) {
  return address.starts_with("fe80:") || address.starts_with("FE80:");
}

void add_once(std::vector<std::string>& to, const std::string& address) {
  if (to.size() < addresses_of_host_max && std::ranges::find(to, address) == to.end())
    to.push_back(address);
}

struct TextMember {
  std::string_view key;
  std::string Said::* member;
};
constexpr TextMember text_members[] = {
    {"id", &Said::product_uri}, {"idh", &Said::product_hash}, {"vn", &Said::vendor},
    {"md", &Said::model},       {"sn", &Said::serial},        {"fw", &Said::firmware},
    {"st", &Said::state},       {"api", &Said::provisioning}, {"fp", &Said::fingerprint},
    {"tag", &Said::tag},
};

std::map<std::string, std::string> text_map(const dns::Text& text) {
  std::map<std::string, std::string> out;
  for (const std::string& each : text.strings) {
    auto equals = each.find('=');
    if (equals == 0 || equals == each.npos) continue;
    // RFC 6763 §6.4: "all but the first occurrence MUST be silently ignored."
    out.emplace(lower(each.substr(0, equals)),
                plain_text(std::string_view(each).substr(equals + 1), said_bytes_max));
  }
  return out;
}

}  // namespace

Result<Bytes> browse_query(bool unicast_answer) {
  dns::Question question{service_name(), dns::Type::ptr, unicast_answer};
  return dns::encode_query(0, {&question, 1});
}

Said said_in(const dns::Text& text) {
  Said out;
  auto map = text_map(text);
  for (const auto& [key, member] : text_members)
    if (auto found = map.find(std::string(key)); found != map.end()) out.*member = found->second;
  return out;
}

bool Browser::is_too_much(const std::string& interface, const std::string& source, Time now) {
  if (rates_.size() >= browser_sources_max && !rates_.contains(source)) rates_.clear();
  Rate& rate = rates_[interface + "%" + source];
  if (now - rate.since >= std::chrono::seconds(1)) rate = {now, 0};
  return ++rate.messages > messages_per_second_max;
}

Browser::Instance* Browser::find_instance(const Key& key) {
  auto found = instances_.find(key);
  if (found != instances_.end()) return &found->second;
  if (instances_.size() >= browser_instances_max) return nullptr;
  return &instances_[key];
}

void Browser::keep_host(const std::string& interface, const dns::Record& record) {
  const auto* address = std::get_if<dns::Address>(&record.data);
  if (!address) return;
  Key key{interface, lower(dns::to_text(record.name))};
  auto text = address_text(address->bytes);
  auto found = hosts_.find(key);
  if (record.ttl_seconds == 0) {
    if (found != hosts_.end()) std::erase(found->second, text);
    return;
  }
  if (found == hosts_.end() && hosts_.size() >= browser_hosts_max) return;
  add_once(hosts_[key], text);
}

std::optional<Sighting> Browser::sighting_of(const Key& key, const std::string& label) const {
  const Instance& instance = instances_.at(key);
  if (!instance.service || !instance.said || instance.sources.empty()) return std::nullopt;
  Sighting out;
  out.interface = key.first;
  out.port = instance.service->port;
  out.instance = plain_text(label, said_bytes_max);
  out.said = *instance.said;
  std::vector<std::string> own;
  if (is_link_local(instance.link_local)) own.push_back(instance.link_local);
  auto host = hosts_.find({key.first, lower(dns::to_text(instance.service->target))});
  if (host != hosts_.end())
    for (const std::string& each : host->second) add_once(own, each);
  // The address that answered is known to reach us; a link-local one of the right interface too.
  for (const std::string& each : instance.sources) {
    add_once(out.addresses, each);
    out.foreign_source |= !own.empty() && std::ranges::find(own, each) == own.end();
  }
  for (const std::string& each : own) add_once(out.addresses, each);
  return out;
}

std::vector<Sighting> Browser::on_message(View bytes, const std::string& interface,
                                          const std::string& source, Time now) {
  if (is_too_much(interface, source, now)) return ++passed_over_, std::vector<Sighting>();
  auto message = dns::decode_message(bytes);
  if (!message || !message->response) return {};
  std::set<std::string> touched;
  std::vector<Sighting> out;
  for (const dns::Record& record : message->records) {
    keep_host(interface, record);
    const auto* pointer = std::get_if<dns::Pointer>(&record.data);
    auto label = instance_label(pointer ? pointer->target : record.name);
    if (!label) continue;
    Key key{interface, lower(*label)};
    if (record.ttl_seconds == 0) {
      auto known = instances_.find(key);
      if (known == instances_.end()) continue;
      if (auto last = sighting_of(key, *label)) {
        last->gone = true;
        out.push_back(std::move(*last));
      }
      instances_.erase(known);
      continue;
    }
    Instance* instance = find_instance(key);
    if (!instance) {
      ++passed_over_;
      continue;
    }
    if (const auto* service = std::get_if<dns::Service>(&record.data)) instance->service = *service;
    if (const auto* text = std::get_if<dns::Text>(&record.data)) {
      instance->said = said_in(*text);
      auto map = text_map(*text);
      instance->link_local = map.contains("ll") ? map["ll"] : "";
      // Only who tells the facts is a source; a pointer is repeated by others (RFC 6762 §7.1).
      std::erase(instance->sources, source);
      instance->sources.insert(instance->sources.begin(), source);
      if (instance->sources.size() > addresses_of_host_max) instance->sources.pop_back();
    }
    touched.insert(*label);
  }
  for (const std::string& label : touched)
    if (instances_.contains({interface, lower(label)}))
      if (auto sighting = sighting_of({interface, lower(label)}, label))
        out.push_back(std::move(*sighting));
  return out;
}

}  // namespace fairlead::client
