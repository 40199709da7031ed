// SPDX-License-Identifier: Apache-2.0
#include "fdo/di.h"

#include "base/limits.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

Result<DeviceMfgInfo> decode_app_start(View message) {
  Reader outer(message);
  outer.array(1);
  View inner = outer.bytes(limits::fdo_message_bytes_max);
  TRY_VOID(outer.finish().in("DI.AppStart"));
  Reader in(inner);
  DeviceMfgInfo out;
  std::size_t count = in.array_between(5, 16);
  std::uint64_t type = in.uint_at_most(255);
  out.key_encoding = static_cast<KeyEncoding>(in.uint_at_most(3));
  out.serial = in.text(128);
  out.device_info = in.text(limits::device_info_bytes_max);
  out.csr = to_bytes(in.bytes(limits::csr_bytes_max));
  for (std::size_t i = 5; i < count; ++i) in.skip();  // peers add their own
  TRY_VOID(in.finish().in("DI.AppStart"));
  switch (type) {
    case 10:
      out.key_type = crypto::KeyType::p256;
      break;
    case 11:
      out.key_type = crypto::KeyType::p384;
      break;
    default:
      return fail(Errc::unsupported,
                  "DI.AppStart: device keys of type " + std::to_string(type) + " are not served");
  }
  if (out.device_info.empty()) return fail(Errc::malformed, "DI.AppStart: device info is empty");
  return out;
}

Bytes encode_app_start(const DeviceMfgInfo& info) {
  Writer inner;
  inner.array(5)
      .uint(key_type_number(info.key_type))
      .uint(static_cast<std::uint64_t>(info.key_encoding));
  inner.text(info.serial).text(info.device_info).bytes(info.csr);
  Writer out;
  return out.array(1).bytes(inner.view()).take();
}

Bytes encode_set_credentials(View header) { return Writer().array(1).bytes(header).take(); }

Result<Bytes> decode_set_credentials(View message) {
  Reader in(message);
  in.array(1);
  View header = in.bytes(limits::fdo_message_bytes_max);
  return in.finish(to_bytes(header)).in("DI.SetCredentials");
}

Bytes encode_set_hmac(const Hash& hmac) {
  Writer out;
  out.array(1);
  write_hmac(out, hmac);
  return out.take();
}

Result<Hash> decode_set_hmac(View message) {
  Reader in(message);
  in.array(1);
  Hash hmac = read_hmac(in);
  return in.finish(std::move(hmac)).in("DI.SetHMAC");
}

Bytes encode_empty() { return Writer().array(0).take(); }

Result<void> decode_empty(View message) {
  Reader in(message);
  in.array(0);
  return in.finish();
}

DeviceCredential credential_from(const VoucherHeader& header) {
  auto alg = crypto::hash_for(header.manufacturer_key.key.type());
  return {header.guid, header.rendezvous, header.device_info,
          hash_of(alg, {header.manufacturer_key.encoded})};
}

Bytes encode_credential(const DeviceCredential& credential) {
  Writer out;
  out.array(5).uint(protocol_version).bytes(credential.guid).raw(credential.rendezvous.encoded);
  out.text(credential.device_info);
  write_hash(out, credential.manufacturer_key_hash);
  return out.take();
}

Result<DeviceCredential> decode_credential(View encoded) {
  Reader in(encoded);
  DeviceCredential out;
  in.array(5);
  if (in.uint() != protocol_version) in.fail_here("credential is not of version 101");
  out.guid = in.fixed<Guid>();
  out.rendezvous = read_rendezvous_info(in);
  out.device_info = in.text(limits::device_info_bytes_max);
  out.manufacturer_key_hash = read_hash(in);
  return in.finish(std::move(out)).in("device credential");
}

}  // namespace fairlead::fdo
