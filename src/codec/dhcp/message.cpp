// SPDX-License-Identifier: Apache-2.0
#include "codec/dhcp/message.h"

#include <algorithm>

namespace fairlead::dhcp {

namespace {

constexpr std::size_t packet_bytes_max = 1'500;

std::size_t number(View bytes) {
  std::size_t out = 0;
  for (std::uint8_t byte : bytes) out = out << 8 | byte;
  return out;
}

// Big-endian; places beyond those of `value` are zero.
void put(Bytes& to, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;)
    to.push_back(i < sizeof value ? static_cast<std::uint8_t>(value >> 8 * i) : 0);
}

}  // namespace

namespace v4 {

namespace {

// RFC 2131 §2.
constexpr std::size_t chaddr_at = 28, sname_at = 44, file_at = 108, cookie_at = 236,
                      options_at = 240, request_bytes_min = 300;
constexpr std::size_t sname_bytes = 64, file_bytes = 128;
constexpr std::uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63};
constexpr std::uint8_t pad = 0, end = 255, overload = 52, message_type = 53;
constexpr std::uint8_t inform_type = 8, ack_type = 5;

// option = code:8 length:8 value
void put_option(Bytes& to, std::uint8_t code, View value) {
  to.push_back(code);
  to.push_back(static_cast<std::uint8_t>(value.size()));
  append(to, value);
}

Bytes& value_of(std::vector<Option>& options, std::uint8_t code) {
  auto known = std::ranges::find(options, code, &Option::code);
  return known != options.end() ? known->value : options.emplace_back(Option{code, {}}).value;
}

// *( 0 / option ) [255 ...]
Result<void> read_options(View in, std::vector<Option>& to) {
  while (!in.empty() && in[0] != end) {
    if (in[0] == pad) {
      in = in.subspan(1);
      continue;
    }
    if (in.size() < 2 || in[1] > in.size() - 2)
      return fail(Errc::malformed, "a DHCP option is cut off");
    append(value_of(to, in[0]), in.subspan(2, in[1]));
    in = in.subspan(std::size_t{2} + in[1]);
  }
  return ok();
}

}  // namespace

Bytes encode_inform(const Inform& inform) {
  Bytes out{1, 1, 6, 0};  // request, Ethernet, its address length, hops
  put(out, inform.transaction, 4);
  put(out, 0, 4);  // seconds, flags: the answer comes to our address
  append(out, inform.address);
  put(out, 0, 12);
  append(out, inform.mac);
  out.resize(cookie_at, 0);
  append(out, cookie);
  put_option(out, message_type, View(&inform_type, 1));
  put_option(
      out, 60,
      as_view(inform.vendor_class).first(std::min<std::size_t>(inform.vendor_class.size(), 255)));
  Bytes client_id{1};
  append(client_id, inform.mac);
  put_option(out, 61, client_id);
  put_option(out, 57, Bytes{packet_bytes_max >> 8, packet_bytes_max & 0xFF});
  Bytes wanted{vendor, 60, redirect, name_servers, domain};
  if (inform.site_option != 0) wanted.push_back(inform.site_option);
  put_option(out, 55, wanted);
  out.push_back(end);
  if (out.size() < request_bytes_min) out.resize(request_bytes_min, 0);
  return out;
}

Result<std::vector<Option>> decode_answer(View in, const Inform& asked) {
  if (in.size() < options_at || in.size() > packet_bytes_max)
    return fail(Errc::malformed, "a DHCP message has another size");
  bool ours = in[0] == 2 && number(in.subspan(4, 4)) == asked.transaction &&
              std::ranges::equal(in.subspan(chaddr_at, asked.mac.size()), asked.mac) &&
              std::ranges::equal(in.subspan(cookie_at, std::size(cookie)), cookie);
  if (!ours) return fail(Errc::malformed, "not an answer to our question");
  std::vector<Option> out;
  TRY_VOID(read_options(in.subspan(options_at), out));
  auto overloaded = std::ranges::find(out, overload, &Option::code);
  std::size_t where = overloaded == out.end() ? 0 : number(overloaded->value);
  if (where > 3) return fail(Errc::malformed, "DHCP option 52 has another value");
  if ((where & 1) != 0) {
    TRY_VOID(read_options(in.subspan(file_at, file_bytes), out));
  }
  if ((where & 2) != 0) {
    TRY_VOID(read_options(in.subspan(sname_at, sname_bytes), out));
  }
  auto type = std::ranges::find(out, message_type, &Option::code);
  if (type == out.end() || type->value != Bytes{ack_type})
    return fail(Errc::malformed, "a DHCP message of another type");
  return out;
}

}  // namespace v4

namespace v6 {

namespace {

constexpr std::uint8_t request_type = 11, reply_type = 7;  // RFC 8415 §7.3
constexpr std::size_t header_bytes = 4;
constexpr std::uint16_t client_id = 1, option_request = 6, elapsed_time = 8, vendor_class = 16;

// option = code:16 length:16 value
void put_option(Bytes& to, std::uint16_t code, View value) {
  put(to, code, 2);
  put(to, value.size(), 2);
  append(to, value);
}

// DUID-LL, Ethernet (RFC 8415 §11.4)
Bytes duid_of(const Mac& mac) {
  Bytes out{0, 3, 0, 1};
  append(out, mac);
  return out;
}

}  // namespace

Bytes encode_information_request(const InformationRequest& request) {
  Bytes out{request_type};
  put(out, request.transaction, 3);
  put_option(out, client_id, duid_of(request.mac));
  Bytes elapsed, wanted, own_class;
  put(elapsed, request.elapsed, 2);
  put_option(out, elapsed_time, elapsed);
  for (std::uint16_t code :
       {redirect, vendor, refresh_time, std::uint16_t{83}, name_servers, domains})
    put(wanted, code, 2);
  put_option(out, option_request, wanted);
  put(own_class, request.enterprise, 4);
  put(own_class, request.vendor_class.size(), 2);
  append(own_class, as_view(request.vendor_class));
  put_option(out, vendor_class, own_class);
  return out;
}

Result<std::vector<Option>> decode_reply(View in, const InformationRequest& asked) {
  if (in.size() < header_bytes || in.size() > packet_bytes_max)
    return fail(Errc::malformed, "a DHCPv6 message has another size");
  if (in[0] != reply_type || number(in.subspan(1, 3)) != (asked.transaction & 0xFF'FF'FF))
    return fail(Errc::malformed, "not a reply to our question");
  std::vector<Option> out;
  for (in = in.subspan(header_bytes); !in.empty();) {
    if (in.size() < 4) return fail(Errc::malformed, "a DHCPv6 option is cut off");
    std::size_t length = number(in.subspan(2, 2));
    if (length > in.size() - 4) return fail(Errc::malformed, "a DHCPv6 option is cut off");
    out.push_back(
        {static_cast<std::uint16_t>(number(in.first(2))), to_bytes(in.subspan(4, length))});
    in = in.subspan(4 + length);
  }
  auto client = std::ranges::find(out, client_id, &Option::code);
  if (client == out.end() || client->value != duid_of(asked.mac))
    return fail(Errc::malformed, "a reply to another client");
  return out;
}

}  // namespace v6

}  // namespace fairlead::dhcp
