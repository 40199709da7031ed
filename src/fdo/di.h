// SPDX-License-Identifier: Apache-2.0
// Device Initialize (FDO 1.1 §5.2), messages 10 to 13, both ends.
#pragma once

#include "base/random.h"
#include "fdo/voucher.h"

namespace fairlead::fdo {

// Message 10: [bstr .cbor [pkType, pkEnc, serial, deviceInfo, CSR DER, * any]]
struct DeviceMfgInfo {
  crypto::KeyType key_type = crypto::KeyType::p256;
  KeyEncoding key_encoding = KeyEncoding::x509;
  std::string serial, device_info;
  Bytes csr;
};
Result<DeviceMfgInfo> decode_app_start(View message);
Bytes encode_app_start(const DeviceMfgInfo& info);

// Message 11: [bstr OVHeader]; message 12: [HMac]; message 13: [].
Bytes encode_set_credentials(View header);
Result<Bytes> decode_set_credentials(View message);  // the header's bytes
Bytes encode_set_hmac(const Hash& hmac);
Result<Hash> decode_set_hmac(View message);
Bytes encode_empty();  // 13, 20
Result<void> decode_empty(View message);

// What a device keeps of a voucher header, beside its keys.
struct DeviceCredential {
  Guid guid;
  RendezvousInfo rendezvous;
  std::string device_info;
  Hash manufacturer_key_hash;  // of the encoded PublicKey array
};
DeviceCredential credential_from(const VoucherHeader& header);
Bytes encode_credential(const DeviceCredential& credential);
Result<DeviceCredential> decode_credential(View encoded);

}  // namespace fairlead::fdo
