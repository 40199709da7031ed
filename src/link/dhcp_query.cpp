// SPDX-License-Identifier: Apache-2.0
#include "link/dhcp_query.h"

#include <arpa/inet.h>

#include <algorithm>

#include "codec/dhcp/message.h"
#include "codec/dhcp/redirect.h"
#include "codec/dns/message.h"
#include "link/datagrams.h"

namespace fairlead::link {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::uint16_t client4_port = 68, server4_port = 67, client6_port = 546,
                        server6_port = 547;
// How long each try waits for an answer. RFC 2131 §4.1 and RFC 8415 §15, three tries each.
constexpr milliseconds waits4[] = {milliseconds(4'000), milliseconds(8'000), milliseconds(16'000)};
constexpr milliseconds waits6[] = {milliseconds(1'000), milliseconds(2'000), milliseconds(4'000)};
constexpr std::size_t name_servers_max = 3, domains_max = 3;
constexpr milliseconds jitter4{1'000}, first_delay6{1'000};

milliseconds draw_up_to(Random& random, milliseconds most) {
  return milliseconds(draw_number(random) % static_cast<std::uint32_t>(most.count() + 1));
}

void add(std::vector<DhcpHint>& to, std::string source, const std::vector<std::string>& uris) {
  for (const std::string& uri : uris)
    if (dhcp::is_upstream_uri(uri)) to.push_back({source, uri});
}

std::vector<std::string> redirect_of(View option) {
  auto redirect = dhcp::decode_redirect(option);
  return redirect ? std::move(redirect->uris) : std::vector<std::string>();
}

// Addresses of this many bytes each, as text; what is left over is passed over.
std::vector<std::string> read_addresses(View option, std::size_t bytes) {
  std::vector<std::string> out;
  for (; option.size() >= bytes && out.size() < name_servers_max; option = option.subspan(bytes)) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(bytes == 4 ? AF_INET : AF_INET6, option.data(), text, sizeof text);
    out.emplace_back(text);
  }
  return out;
}

// A plain name of RFC 1123 §2.1, in the presentation that option 15 has; others are no domain.
void add_domain(std::vector<std::string>& to, std::string name) {
  while (!name.empty() && (name.back() == '\0' || name.back() == '.')) name.pop_back();
  bool good = !name.empty() && std::ranges::all_of(name, [](char c) {
    return c == '-' || c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
  });
  if (good && to.size() < domains_max) to.push_back(std::move(name));
}

DhcpAnswer answer4(const std::vector<dhcp::Option>& options, std::uint8_t site_option) {
  std::vector<DhcpHint> first, second, third;
  DhcpAnswer out;
  for (const auto& each : options) {
    if (each.code == dhcp::v4::redirect) add(first, "dhcp4-143", redirect_of(each.value));
    if (each.code == dhcp::v4::vendor) add(second, "dhcp4-43", {dhcp::decode_vendor4(each.value)});
    if (site_option != 0 && each.code == site_option)
      add(third, "dhcp4-site", {std::string(as_text(each.value))});
    if (each.code == dhcp::v4::domain) add_domain(out.domains, std::string(as_text(each.value)));
    if (each.code == dhcp::v4::name_servers) out.name_servers = read_addresses(each.value, 4);
  }
  std::ranges::move(second, std::back_inserter(first));
  std::ranges::move(third, std::back_inserter(first));
  out.hints = std::move(first);
  return out;
}

DhcpAnswer answer6(const std::vector<dhcp::Option>& options, std::uint32_t enterprise) {
  std::vector<DhcpHint> second;
  DhcpAnswer out;
  for (const auto& each : options) {
    if (each.code == dhcp::v6::redirect) add(out.hints, "dhcp6-136", redirect_of(each.value));
    if (each.code == dhcp::v6::vendor)
      add(second, "dhcp6-17", {dhcp::decode_vendor6(each.value, enterprise)});
    if (each.code == dhcp::v6::name_servers) out.name_servers = read_addresses(each.value, 16);
    if (each.code != dhcp::v6::domains) continue;
    auto names = dns::decode_names(each.value);
    if (!names) continue;
    for (const auto& name : *names) add_domain(out.domains, dns::to_text(name));
  }
  std::ranges::move(second, std::back_inserter(out.hints));
  return out;
}

}  // namespace

net::Task<DhcpAnswer> ask_dhcp4(net::Loop& loop, Random& random, Interface interface,
                                DhcpQuestion question) {
  if (interface.ipv4.empty()) co_return fail(Errc::not_found, "no IPv4 address");
  CO_TRY(auto own, own_endpoint(interface.ipv4.front(), client4_port));
  CO_TRY(auto socket, open_datagrams(loop, interface.name, own));
  dhcp::v4::Inform inform{draw_number(random), own.address().to_v4().to_bytes(), interface.mac,
                          question.vendor_class, question.site_option};
  Bytes packet = dhcp::v4::encode_inform(inform);
  udp::endpoint everybody(asio::ip::address_v4::broadcast(), server4_port);
  DhcpAnswer answer;
  auto understood = [&](View in, const udp::endpoint&) {
    auto options = dhcp::v4::decode_answer(in, inform);
    if (options) answer = answer4(*options, question.site_option);
    return options.has_value();
  };
  for (milliseconds wait : waits4) {
    error_code ignored;  // nobody hears this try; the next one may do better
    socket->send_to(asio::buffer(packet), everybody, 0, ignored);
    auto until = steady_clock::now() + wait - jitter4 + draw_up_to(random, 2 * jitter4);
    auto listening = listen(socket, until, understood);
    if (co_await std::move(listening)) break;
  }
  co_return answer;
}

net::Task<DhcpAnswer> ask_dhcp6(net::Loop& loop, Random& random, Interface interface,
                                DhcpQuestion question) {
  if (interface.link_local.empty()) co_return fail(Errc::not_found, "no link-local address");
  CO_TRY(auto own, own_endpoint(interface.link_local + "%" + interface.name, client6_port));
  CO_TRY(auto socket, open_datagrams(loop, interface.name, own));
  dhcp::v6::InformationRequest request{draw_number(random) & 0xFF'FF'FF, interface.mac, 0,
                                       question.enterprise, question.vendor_class};
  auto servers = asio::ip::make_address_v6("ff02::1:2");
  servers.scope_id(interface.index);
  DhcpAnswer answer;
  auto understood = [&](View in, const udp::endpoint&) {
    auto options = dhcp::v6::decode_reply(in, request);
    if (options) answer = answer6(*options, question.enterprise);
    return options.has_value();
  };
  auto delay = draw_up_to(random, first_delay6);  // RFC 8415 §18.2.6
  auto sleeping = loop.sleep(delay);
  CO_TRY_VOID(co_await std::move(sleeping));
  auto begin = steady_clock::now();
  for (milliseconds wait : waits6) {
    auto since = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    request.elapsed = static_cast<std::uint16_t>(since.count() / 10);
    Bytes packet = dhcp::v6::encode_information_request(request);
    error_code ignored;
    socket->send_to(asio::buffer(packet), udp::endpoint(servers, server6_port), 0, ignored);
    auto listening = listen(socket, steady_clock::now() + wait, understood);
    if (co_await std::move(listening)) break;
  }
  co_return answer;
}

}  // namespace fairlead::link
