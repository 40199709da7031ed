// SPDX-License-Identifier: Apache-2.0
// Keys and a voucher of tests/vectors/fdo/synthetic/to0_p256.json, for fuzzers that play one end of
// TO2 with good keys: what they send gets past the signatures, to where the parsing goes on.
#pragma once

#include <memory>
#include <string_view>

#include "base/assert.h"
#include "codec/cose.h"
#include "counting_random.h"
#include "crypto/software_key.h"
#include "fdo/to2_device.h"
#include "fdo/to2_owner.h"

namespace fairlead::fuzz {

inline constexpr std::string_view voucher_hex =
    "85186559010c86186550000102030405060708090a0b0c0d0e0f838582054f6e72762e6578616d706c652e636f"
    "6d82024544c000020a820c41028203431920fb8204431920fc838101820557766f776e65722d6f6e6c792e6578"
    "616d706c652e636f6d820c410285820d42183c810e82024544c0000214820c4101820343191f906c736c697077"
    "61792d64656d6f830a01585b3059301306072a8648ce3d020106082a8648ce3d03010703420004d72207c0772a"
    "108ea2edce7a8120677b7eba3fe851c3118358c5f0002fbbecc8419f96717369077d7b5a53924d0a6f16131b77"
    "d29a723e24ee37d24b16f0de89822f582089ade557c9daf6d62212536494d7072d0f48ae5f46b64f0ba72e3e79"
    "2dda55b0820558204369303e35cd6a1bc723f42f6ce2f245a2476d0cb6130d23f06ffff54e3f47328259011430"
    "8201103081b6a003020102020102300a06082a8648ce3d0403023010310e300c06035504030c05646576636130"
    "20170d3236303130313030303030305a180f32313235303130313030303030305a3011310f300d06035504030c"
    "066465766963653059301306072a8648ce3d020106082a8648ce3d03010703420004f4aad66139261d03e9b8c5"
    "31dafc8fcb0b85fa930870442a6f6399da27cccf075b9f73dd8b3e81473222d6f5e292366e77ba53b27948c60c"
    "5124566939d9c305300a06082a8648ce3d0403020349003046022100eb2fa18de8d5850e1d98bd057ccd0c5131"
    "d7cdac51745497d98d03addb888ec9022100e40aef781690b6163edf1dccbd48360f055f368f1b139b7d32a7b1"
    "dd56da3366590127308201233081caa003020102020101300a06082a8648ce3d0403023010310e300c06035504"
    "030c0564657663613020170d3236303130313030303030305a180f32313235303130313030303030305a301031"
    "0e300c06035504030c0564657663613059301306072a8648ce3d020106082a8648ce3d030107034200047dcb85"
    "9802a5bd71a865f14edb03708cc4ed35289d8a3948edede32247c58dc6b8a0e09d9bcf43206048d7faac39e17e"
    "94550649f8cbcea65c2247f53bb275a7a3133011300f0603551d130101ff040530030101ff300a06082a8648ce"
    "3d040302034800304502205d0570f836e361c4a4b739de0e035023da962fae03219369d5aa5380273e56a90221"
    "00bdd1cc1fde00a2104ec4c7e5580b9f859eae4f0f111f79029f5ed7cd2ce1f7c182d28443a10126a058aa8482"
    "2f5820c9aeee0408dd23d82be90e12917ab903fca82377fe0b2bfac162e786674caaae822f58202aa3a5ccf226"
    "368cd64dfb3df100b10a4dbde6bce7e9a51391d2ff6d9b957162f6830a01585b3059301306072a8648ce3d0201"
    "06082a8648ce3d030107034200043b3932eb9eb9ba3793eae90d78b8a3cbe331e910b2503b3a7918562467c2a4"
    "5882cf4c2e6695bbdad344d226fa5ec043b1d877d49ccd1eeea3bdfcd08508819958406bcadc8ffd7ce4c50ab4"
    "139f7f2cf7f16dc3ebcd57b6f40ac23090103a0a4b8e06ad7cf1716570cee6d67eeb1bc21ff92c598b36697be3"
    "4569b2d6defe5cf830d28443a10126a058ab84822f5820f0bf551865045f029c46bd61ce403de63b0a734b454a"
    "586abe4cb854c39cf3b3822f58202aa3a5ccf226368cd64dfb3df100b10a4dbde6bce7e9a51391d2ff6d9b9571"
    "6241a0830a01585b3059301306072a8648ce3d020106082a8648ce3d03010703420004e1add385d213901ca174"
    "c5835f5f5c657f9684101b44ccc6d8221c3d7ea43865fa2097f7f2058b6a90d0b681b2307bc66642b0e3ca1087"
    "d6d79a999527a58b495840caf902c2663acecda3fddb4787fabf4567a5da55328511305076c01628f314d0fff7"
    "f9f87e6a18f21d7e986413231f50941276c7cdddf2d29fe3de475ddc7c61";

inline constexpr std::string_view owner_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDBZpfBAxGgNVW7xD\n"
    "AwgntHyhCUSLVlE8nRTklJM3/J+hRANCAAThrdOF0hOQHKF0xYNfX1xlf5aEEBtE\n"
    "zMbYIhw9fqQ4Zfogl/fyBYtqkNC2gbIwe8ZmQrDjyhCH1teamZUnpYtJ\n"
    "-----END PRIVATE KEY-----\n";

inline constexpr std::string_view device_pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDHSjW/JqSb7fuEP4\n"
    "RLchG7MS8lpyY9nmo1BYgFo58u2hRANCAAT0qtZhOSYdA+m4xTHa/I/LC4X6kwhw\n"
    "RCpvY5naJ8zPB1ufc92LPoFHMiLW9eKSNm53ulOyeUjGDFEkVmk52cMF\n"
    "-----END PRIVATE KEY-----\n";

inline constexpr std::string_view hmac_secret_hex =
    "5d1bb1d79fb9aa192c9bbf64e141517c1cb6541e7b92feb3ecb31c6ca79dfc6e";

template <class T, class E>
T must(std::expected<T, E> result) {
  ASSERT(result.has_value());
  return std::move(*result);
}
template <class T>
T must(Result<T> result) {
  ASSERT(result.has_value());
  return std::move(*result);
}

struct Party {
  std::unique_ptr<crypto::SoftwareKey> owner = must(crypto::SoftwareKey::from_pem(owner_pem));
  std::unique_ptr<crypto::SoftwareKey> device = must(crypto::SoftwareKey::from_pem(device_pem));
  crypto::SoftwareHmacKey hmac{SecretBytes(*from_hex(hmac_secret_hex))};
  fdo::Voucher voucher = must(fdo::decode_voucher(*from_hex(voucher_hex)));
  fdo::DeviceCredential credential = fdo::credential_from(voucher.header);

  fdo::To2OwnerContext context(Random& random) {
    return {voucher, *owner, random, false, voucher.header.rendezvous};
  }
};
inline Party& party() {
  static Party the_party;
  return the_party;
}

// The tunnel of a run in the hands of the other side.
inline fdo::Tunnel tunnel_twin(const fdo::Tunnel& tunnel, fdo::KexRole role) {
  cbor::Writer out;
  tunnel.write(out);
  cbor::Reader in(out.view());
  in.array(4);
  auto suite = fdo::parse_cipher_suite(in.integer());
  return {*suite, SecretBytes::copy_of(in.bytes(64)), role, 1'000'000};
}

// Takes a piece of the input: its length comes first, in two bytes.
inline View take_piece(View& in) {
  if (in.size() < 2) return std::exchange(in, View{});
  std::size_t length = std::min<std::size_t>(std::size_t{in[0]} << 8 | in[1], in.size() - 2);
  View piece = in.subspan(2, length);
  in = in.subspan(2 + length);
  return piece;
}

}  // namespace fairlead::fuzz
