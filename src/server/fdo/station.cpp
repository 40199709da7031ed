// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/station.h"

#include "base/events.h"
#include "base/limits.h"
#include "fdo/di.h"
#include "fdo/voucher.h"

namespace fairlead::server {

namespace {
constexpr std::string_view rendezvous_setting = "factory.rendezvous";

// Between 11 and 12: [serial, header, [certificates]]
Bytes encode_run(std::string_view serial, View header, std::span<const crypto::Certificate> chain) {
  cbor::Writer out;
  out.array(3).text(serial).bytes(header).array(chain.size());
  for (const auto& each : chain) out.bytes(each.der());
  return out.take();
}

struct Run {
  std::string serial;
  Bytes header;
  std::vector<crypto::Certificate> chain;
};

Result<Run> decode_run(View state) {
  cbor::Reader in(state);
  Run run;
  in.array(3);
  run.serial = in.text(128);
  run.header = to_bytes(in.bytes(limits::fdo_message_bytes_max));
  std::size_t count = in.array_between(1, limits::certificate_chain_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    TRY(auto certificate,
        crypto::Certificate::from_known_der(in.bytes(limits::certificate_bytes_max)));
    run.chain.push_back(std::move(certificate));
  }
  return in.finish(std::move(run));
}
}  // namespace

Result<fdo::RendezvousInfo> factory_rendezvous(registry::Registry& registry) {
  TRY(auto stored, registry.find_setting(rendezvous_setting));
  if (!stored)
    return fail(Errc::not_found,
                "the factory does not know where devices find their owner; set it with `fairlead "
                "factory rendezvous set`");
  return fdo::decode_rendezvous_info(*stored);
}

registry::Change put_factory_rendezvous(const fdo::RendezvousInfo& info,
                                        std::optional<Bytes> expect) {
  std::string name(rendezvous_setting);
  if (expect) return registry::ReplaceSetting{std::move(name), info.encoded, std::move(*expect)};
  return registry::PutSetting{std::move(name), info.encoded};
}

fdo::Outcome<Answer> Station::on_app_start(View body, const Caller& caller) {
  TRY(auto info, fdo::decode_app_start(body));
  TRY(auto request, crypto::decode_csr(info.csr).in("DI.AppStart"));
  if (request.key.type() != info.key_type)
    return fdo::refuse(fdo::ErrorCode::invalid_message,
                       "DI.AppStart: the request's key is not of the type it names");
  if (info.key_type != identity_.manufacturer->public_key().type())
    return fdo::refuse(fdo::ErrorCode::invalid_message,
                       "DI.AppStart: this station makes devices with keys of type " +
                           std::string(to_string(identity_.manufacturer->public_key().type())));
  auto rendezvous = factory_rendezvous(store_.read());
  if (!rendezvous) return fdo::refuse(fdo::ErrorCode::internal, rendezvous.error().context);
  std::string name = !info.serial.empty()          ? info.serial
                     : request.common_name.empty() ? info.device_info
                                                   : request.common_name;
  const pki::Authority& authority = identity_.device_ca.authority;
  TRY(auto certificate, authority.issue_device(request.key, {name, name, {}}, caller.now, random_));
  std::vector<crypto::Certificate> chain{std::move(certificate)};
  chain.insert(chain.end(), authority.chain().begin(), authority.chain().end());

  TRY(auto manufacturer,
      fdo::make_public_key_in(info.key_encoding,
                              fdo::ShownKey({identity_.manufacturer_certificate})));
  auto alg = crypto::hash_for(identity_.manufacturer->public_key().type());
  Bytes header =
      fdo::encode_voucher_header(random_.draw<fdo::Guid>(), rendezvous->encoded, info.device_info,
                                 manufacturer.encoded, fdo::chain_hash(alg, chain));
  return Answer{11, fdo::encode_set_credentials(header), encode_run(name, header, chain)};
}

// A device that lost power before it had its credential comes again, with the same key. The voucher
// of the time before fits no credential; kept, somebody would sell it. Only who holds the device's
// key can do this: message 10 proves possession.
Result<std::vector<Fields>> Station::drop_earlier(registry::Transaction& changes,
                                                  const fdo::Voucher& voucher,
                                                  const std::string& serial) {
  std::vector<Fields> dropped;
  registry::VoucherFilter earlier;
  earlier.state = registry::VoucherState::made;
  earlier.serial = serial;
  TRY(auto records, store_.read().vouchers(earlier, {}));
  for (const registry::Voucher& each : records) {
    TRY(auto made, fdo::decode_voucher(each.encoded).in("stored voucher"));
    if (!(made.device_chain.front().public_key() == voucher.device_chain.front().public_key()))
      continue;
    changes.push_back(registry::RemoveVoucher{each.guid});
    dropped.push_back({{"serial", serial},
                       {"old_guid", fdo::to_text(made.header.guid)},
                       {"guid", fdo::to_text(voucher.header.guid)}});
  }
  return dropped;
}

fdo::Outcome<Answer> Station::on_set_hmac(View state, View body, const Caller& caller) {
  auto run = decode_run(state);
  if (!run) return fdo::refuse(fdo::ErrorCode::internal, "stored DI run is not whole");
  TRY(auto hmac, fdo::decode_set_hmac(body));
  if (hmac.alg != crypto::hash_for(run->chain.front().public_key().type()))
    return fdo::refuse(fdo::ErrorCode::invalid_message,
                       "DI.SetHMAC: HMAC's width does not go with the device's key");
  TRY(auto voucher, fdo::make_voucher(run->header, hmac, std::move(run->chain)));
  const fdo::Guid& guid = voucher.header.guid;
  registry::Voucher record;
  record.guid = to_bytes(View(guid));
  record.state = registry::VoucherState::made;
  record.serial = run->serial;
  record.device_info = voucher.header.device_info;
  record.encoded = voucher.encode();
  record.created = record.changed = caller.now;
  registry::Transaction changes;
  TRY(auto dropped, drop_earlier(changes, voucher, run->serial));
  changes.push_back(registry::InsertVoucher{std::move(record)});
  // Durable before 13: a device that believes in its voucher has one.
  TRY_VOID(store_.commit(std::move(changes)));
  for (const Fields& each : dropped) log_.write(event::di_repeated, each);
  log_(event::di_done,
       {{"guid", fdo::to_text(guid)}, {"serial", run->serial}, {"peer", caller.peer}});
  return Answer{13, fdo::encode_empty(), {}};
}

}  // namespace fairlead::server
