// SPDX-License-Identifier: Apache-2.0
// Every message of DI, TO0, TO1 and TO2 that is not a voucher: what is accepted can be written, and
// is accepted again.
#include "base/assert.h"
#include "crypto/system_random.h"
#include "fdo/di.h"
#include "fdo/key_exchange.h"
#include "fdo/to01.h"
#include "fdo/to2.h"

namespace {

using namespace fairlead;
using namespace fairlead::fdo;

void di(View in) {
  if (auto m = decode_app_start(in)) ASSERT(decode_app_start(encode_app_start(*m)).has_value());
  if (auto m = decode_set_credentials(in))
    ASSERT(decode_set_credentials(encode_set_credentials(*m)).has_value());
  if (auto m = decode_set_hmac(in)) ASSERT(decode_set_hmac(encode_set_hmac(*m)).has_value());
  if (auto m = decode_credential(in)) ASSERT(decode_credential(encode_credential(*m)).has_value());
  ASSERT(!decode_empty(in) || equal(in, encode_empty()) || in.size() > 1);
}

void to01(View in) {
  if (auto m = decode_nonce(in)) ASSERT(decode_nonce(encode_nonce(*m)).has_value());
  if (auto m = decode_hello_rv_ack(in))
    ASSERT(decode_hello_rv_ack(encode_hello_rv_ack(m->nonce, m->sg_type)).has_value());
  if (auto m = decode_hello_rv(in)) ASSERT(decode_hello_rv(encode_hello_rv(*m)).has_value());
  if (auto m = decode_to1d(in)) ASSERT(equal(m->encoded, in));
  if (auto m = decode_accept_owner(in))
    ASSERT(decode_accept_owner(encode_accept_owner(*m)).has_value());
  (void)decode_eat(in);
  if (auto m = decode_error(in)) ASSERT(decode_error(encode_error(*m)).has_value());
}

void to2(View in) {
  if (auto m = decode_hello_device(in))
    ASSERT(decode_hello_device(encode_hello_device(*m)).has_value());
  (void)decode_prove_ov_header(in);
  if (auto m = decode_get_next_entry(in))
    ASSERT(*decode_get_next_entry(encode_get_next_entry(*m)) == *m);
  if (auto m = decode_next_entry(in))
    ASSERT(decode_next_entry(encode_next_entry(m->index, m->entry)).has_value());
  (void)decode_setup_device(in);
  if (auto m = decode_device_ready(in)) ASSERT(m->max_owner_service_info > 0);
  if (auto m = decode_owner_ready(in)) ASSERT(*m > 0);
}

void key_exchange(View in) {
  static crypto::SystemRandom random;
  static const auto ours = make_share(KexSuite::ecdh256, random);
  for (KexSuite suite : {KexSuite::ecdh256, KexSuite::ecdh384}) {
    auto theirs = decode_kex_parameter(suite, in);
    if (theirs && suite == KexSuite::ecdh256) (void)shared_secret(KexRole::owner, *ours, *theirs);
  }
  Tunnel tunnel(CipherSuite::a128gcm, SecretBytes(Bytes(16)), KexRole::owner);
  (void)tunnel.open(in);
  cbor::Reader reader(in);
  (void)Tunnel::read(reader, KexRole::device);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View input(data, size);
  di(input);
  to01(input);
  to2(input);
  key_exchange(input);
  return 0;
}
