// SPDX-License-Identifier: Apache-2.0
#include "local/commands.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "crypto/hash.h"

namespace fairlead::local {

using cbor::Reader;
using cbor::Writer;

namespace {

constexpr std::uint64_t settings_version = 1;
constexpr std::size_t servers_max = 4, host_bytes_max = 253, interface_bytes_max = 15;
constexpr std::size_t address_bytes_max = 45, spki_bytes_max = 1'024;
constexpr std::size_t reason_bytes_max = 32, words_bytes_max = 512;
constexpr std::uint64_t identify_seconds_max = 60;
constexpr std::size_t upstreams_max = 10, uri_bytes_max = 512, name_bytes_max = 63;
constexpr std::size_t zoned_bytes_max = address_bytes_max + 1 + interface_bytes_max;
constexpr std::uint64_t round_trip_max = 60'000, channel_max = 255, seconds_max = 30 * 86'400;
constexpr std::int64_t signal_min = -127, signal_max = 0;

void write_texts(Writer& out, const std::vector<std::string>& texts) {
  out.array(texts.size());
  for (const std::string& each : texts) out.text(each);
}

std::vector<std::string> read_texts(Reader& in) {
  std::size_t count = in.array_between(0, servers_max);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) out.push_back(in.text(host_bytes_max));
  return out;
}

// network-settings = [1, interface, null / [address, prefix, gateway], [* server], [* server]]
NetworkSettings read_settings(Reader& in) {
  NetworkSettings out;
  in.array(5);
  if (in.uint() != settings_version) in.fail_here("network settings are of another version");
  out.interface = in.text(interface_bytes_max);
  if (!in.take_null()) {
    in.array(3);
    NetworkSettings::Address address;
    address.address = in.text(address_bytes_max);
    address.prefix = static_cast<std::uint8_t>(in.uint_at_most(128));
    address.gateway = in.text(address_bytes_max);
    out.address = std::move(address);
  }
  out.name_servers = read_texts(in);
  out.time_servers = read_texts(in);
  return out;
}

void write_settings(Writer& out, const NetworkSettings& settings) {
  out.array(5).uint(settings_version).text(settings.interface);
  if (auto& address = settings.address)
    out.array(3).text(address->address).uint(address->prefix).text(address->gateway);
  else
    out.null();
  write_texts(out, settings.name_servers);
  write_texts(out, settings.time_servers);
}

// At most `max` bytes, cut at a character.
std::string_view cut(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0) == 0x80) --max;
  return text.substr(0, max);
}

void write_obstacle(Writer& out, const Obstacle& obstacle) {
  out.text(cut(obstacle.reason, reason_bytes_max)).text(cut(obstacle.words, words_bytes_max));
}

void write_fingerprint(Writer& out, const Bytes& fingerprint) {
  bool whole = fingerprint.size() == crypto::Sha256::size_bytes;
  out.bytes(whole ? View(fingerprint) : View());
}

Bytes read_fingerprint(Reader& in) {
  Bytes out = to_bytes(in.bytes(crypto::Sha256::size_bytes));
  if (!out.empty() && out.size() != crypto::Sha256::size_bytes)
    in.fail_here("a fingerprint is neither SHA-256 nor empty");
  return out;
}

// upstream = [source, interface, uri, name, address, fingerprint, certificate, milliseconds,
//             result, seconds]
void write_upstream(Writer& out, const Upstream& upstream) {
  out.array(10).text(cut(upstream.source, reason_bytes_max));
  out.text(cut(upstream.interface, interface_bytes_max)).text(cut(upstream.uri, uri_bytes_max));
  out.text(cut(upstream.name, name_bytes_max)).text(cut(upstream.address, zoned_bytes_max));
  write_fingerprint(out, upstream.fingerprint);
  write_fingerprint(out, upstream.certificate);
  out.uint(std::min<std::uint64_t>(upstream.milliseconds, round_trip_max));
  out.text(cut(upstream.result, words_bytes_max));
  out.uint(std::min<std::uint64_t>(upstream.seconds, seconds_max));
}

// nearby-network = [ssid, auth, signal, channel, why-not]
void write_network(Writer& out, const NearbyNetwork& network) {
  out.array(5).bytes(network.ssid).uint(static_cast<std::uint64_t>(network.auth));
  out.integer(network.signal_dbm).uint(network.channel);
  out.text(cut(network.why_not, words_bytes_max));
}

std::vector<NearbyNetwork> read_networks(Reader& in) {
  std::size_t count = in.array_between(0, limits::scan_entries_max);
  std::vector<NearbyNetwork> out;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    in.array(5);
    NearbyNetwork& each = out.emplace_back();
    each.ssid = to_bytes(in.bytes(limits::ssid_bytes_max));
    each.auth = static_cast<WifiAuth>(in.uint_at_most(7));
    std::int64_t signal = in.integer();
    if (signal < signal_min || signal > signal_max) in.fail_here("a signal is out of range");
    each.signal_dbm = static_cast<std::int32_t>(signal);
    each.channel = static_cast<std::uint32_t>(in.uint_at_most(channel_max));
    each.why_not = in.text(words_bytes_max);
  }
  return out;
}

WifiCredentials read_credentials(Reader& in) {
  WifiCredentials out;
  out.ssid = to_bytes(in.bytes(limits::ssid_bytes_max));
  out.passphrase = SecretBytes::copy_of(in.bytes(limits::wifi_passphrase_bytes_max));
  if (!plausible(out)) in.fail_here("the name of the network or its passphrase has a wrong length");
  return out;
}

std::vector<Upstream> read_upstreams(Reader& in) {
  std::size_t count = in.array_between(0, upstreams_max);
  std::vector<Upstream> out;
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    in.array(10);
    Upstream& each = out.emplace_back();
    each.source = in.text(reason_bytes_max);
    each.interface = in.text(interface_bytes_max);
    each.uri = in.text(uri_bytes_max);
    each.name = in.text(name_bytes_max);
    each.address = in.text(zoned_bytes_max);
    each.fingerprint = read_fingerprint(in);
    each.certificate = read_fingerprint(in);
    each.milliseconds = static_cast<std::uint32_t>(in.uint_at_most(round_trip_max));
    each.result = in.text(words_bytes_max);
    each.seconds = static_cast<std::uint32_t>(in.uint_at_most(seconds_max));
  }
  return out;
}

struct WriteCommand {
  Writer& out;
  void operator()(const command::AskStatus&) { out.array(1).uint(0); }
  void operator()(const command::MakeOffer& c) { out.array(2).uint(1).bytes(c.nonce); }
  void operator()(const command::TakeGrant& c) {
    out.array(3).uint(2).bytes(c.grant).bytes(c.owner);
  }
  void operator()(const command::Identify& c) { out.array(2).uint(3).uint(c.seconds); }
  void operator()(const command::SetNetwork& c) {
    out.array(2).uint(4);
    write_settings(out, c.settings);
  }
  void operator()(const command::Cancel&) { out.array(1).uint(5); }
  void operator()(const command::AskUpstreams&) { out.array(1).uint(6); }
  void operator()(const command::UseWifi& c) {
    out.array(3).uint(7).bytes(c.network.ssid).bytes(c.network.passphrase.reveal());
  }
  void operator()(const command::AskNetworks&) { out.array(1).uint(8); }
  void operator()(const command::ChooseUpstream& c) {
    out.array(3).uint(9).text(c.uri);
    write_fingerprint(out, c.fingerprint);
  }
  void operator()(const command::OpenTunnel& c) { out.array(2).uint(10).text(c.uri); }
  void operator()(const command::Carry& c) { out.array(2).uint(11).bytes(c.content); }
  void operator()(const command::CloseTunnel&) { out.array(1).uint(12); }
};

struct WriteAnswer {
  Writer& out;
  void operator()(const answer::Done&) { out.array(1).uint(0); }
  void operator()(const Report& r) {
    out.array(5).uint(1).uint(static_cast<std::uint64_t>(r.progress));
    write_obstacle(out, r.obstacle);
    out.text(r.proof);
  }
  void operator()(const answer::Offer& a) { out.array(2).uint(2).bytes(a.document); }
  void operator()(const answer::No& a) {
    out.array(3).uint(3);
    write_obstacle(out, a.obstacle);
  }
  void operator()(const answer::Upstreams& a) {
    std::size_t count = std::min(a.found.size(), upstreams_max);
    out.array(2).uint(4).array(count);
    for (std::size_t i = 0; i < count; ++i) write_upstream(out, a.found[i]);
  }
  void operator()(const answer::Networks& a) {
    std::size_t count = std::min(a.heard.size(), limits::scan_entries_max);
    out.array(2).uint(5).array(count);
    for (std::size_t i = 0; i < count; ++i) write_network(out, a.heard[i]);
  }
  void operator()(const answer::TunnelOpen& a) { out.array(2).uint(6).text(a.uri); }
  void operator()(const answer::Carried& a) {
    out.array(3).uint(7).boolean(a.open).bytes(a.content);
  }
};

Command read_command(Reader& in, std::uint64_t number) {
  switch (number) {
    case 0:
      return command::AskStatus{};
    case 1:
      return command::MakeOffer{in.fixed<enroll::OfferNonce>()};
    case 2: {
      command::TakeGrant out;
      out.grant = to_bytes(in.bytes(limits::grant_bytes_max));
      out.owner = to_bytes(in.bytes(spki_bytes_max));
      return out;
    }
    case 3:
      return command::Identify{static_cast<std::uint8_t>(in.uint_at_most(identify_seconds_max))};
    case 4:
      return command::SetNetwork{read_settings(in)};
    case 5:
      return command::Cancel{};
    case 6:
      return command::AskUpstreams{};
    case 7:
      return command::UseWifi{read_credentials(in)};
    case 8:
      return command::AskNetworks{};
    case 10:
      return command::OpenTunnel{in.text(limits::dpp_uri_bytes_max)};
    case 11:
      return command::Carry{to_bytes(in.bytes(limits::dpp_message_bytes_max))};
    case 12:
      return command::CloseTunnel{};
    default: {
      command::ChooseUpstream out;
      out.uri = in.text(uri_bytes_max);
      out.fingerprint = read_fingerprint(in);
      return out;
    }
  }
}

constexpr std::size_t command_members[] = {1, 2, 3, 2, 2, 1, 1, 3, 1, 3, 2, 2, 1};
constexpr std::size_t answer_members[] = {1, 5, 2, 3, 2, 2, 2, 3};

}  // namespace

// command = [0] / [1, nonce] / [2, grant, owner] / [3, seconds] / [4, network-settings] / [5] /
//           [6] / [7, ssid, passphrase] / [8] / [9, uri, fingerprint] / [10, uri] /
//           [11, content] / [12]
Result<Command> decode_command(View in) {
  Reader reader(in);
  std::size_t members = reader.array_between(1, 3);
  std::uint64_t number = reader.uint_at_most(std::size(command_members) - 1);
  if (!reader.failed() && command_members[number] != members)
    reader.fail_here("command has the wrong number of members");
  if (reader.failed()) return fail(reader.status().error());
  Command out = read_command(reader, number);
  return reader.finish(std::move(out));
}

Bytes encode_command(const Command& command) {
  Writer out;
  std::visit(WriteCommand{out}, command);
  return out.take();
}

// answer = [0] / [1, progress, reason, words, proof] / [2, offer] / [3, reason, words] /
//          [4, [*10 upstream]] / [5, [*24 nearby-network]] / [6, uri] / [7, open, content]
Result<Answer> decode_answer(View in) {
  Reader reader(in);
  std::size_t members = reader.array_between(1, 5);
  std::uint64_t number = reader.uint_at_most(std::size(answer_members) - 1);
  if (!reader.failed() && answer_members[number] != members)
    reader.fail_here("answer has the wrong number of members");
  if (reader.failed()) return fail(reader.status().error());
  Answer out;
  if (number == 1) {
    Report report;
    report.progress = static_cast<Progress>(reader.uint_at_most(6));
    report.obstacle.reason = reader.text(reason_bytes_max);
    report.obstacle.words = reader.text(words_bytes_max);
    report.proof = reader.text(reason_bytes_max);
    out = std::move(report);
  } else if (number == 2) {
    out = answer::Offer{to_bytes(reader.bytes(limits::offer_bytes_max))};
  } else if (number == 3) {
    answer::No no;
    no.obstacle.reason = reader.text(reason_bytes_max);
    no.obstacle.words = reader.text(words_bytes_max);
    out = std::move(no);
  } else if (number == 4) {
    out = answer::Upstreams{read_upstreams(reader)};
  } else if (number == 5) {
    out = answer::Networks{read_networks(reader)};
  } else if (number == 6) {
    out = answer::TunnelOpen{reader.text(limits::dpp_uri_bytes_max)};
  } else if (number == 7) {
    const bool open = reader.boolean();
    out = answer::Carried{open, to_bytes(reader.bytes(limits::dpp_message_bytes_max))};
  }
  return reader.finish(std::move(out));
}

Bytes encode_answer(const Answer& answer) {
  Writer out;
  std::visit(WriteAnswer{out}, answer);
  return out.take();
}

bool plausible(const WifiCredentials& network) {
  const std::size_t length = network.passphrase.size();
  return !network.ssid.empty() && network.ssid.size() <= limits::ssid_bytes_max &&
         (length == 0 || (length >= limits::wifi_passphrase_bytes_min &&
                          length <= limits::wifi_passphrase_bytes_max));
}

std::string_view to_string(Progress progress) {
  switch (progress) {
    case Progress::waiting:
      return "waiting";
    case Progress::offered:
      return "offered";
    case Progress::checking:
      return "checking";
    case Progress::connecting:
      return "connecting";
    case Progress::committed:
      return "committed";
    case Progress::failed:
      return "failed";
    case Progress::joining:
      return "joining";
  }
  std::unreachable();
}

enroll::OfferNonce tied_nonce(View binding, const enroll::OfferNonce& nonce) {
  Bytes hashed = crypto::hash(crypto::HashAlg::sha256, {as_view("fairlead nonce"), binding, nonce});
  return *enroll::OfferNonce::from(View(hashed).first(enroll::OfferNonce::size_bytes));
}

}  // namespace fairlead::local
