// SPDX-License-Identifier: Apache-2.0
// An Offer with the proof that its key lives in the device's hardware, where the keystore can give
// one; and the Grant that answers it, which then only this hardware can open (ADR 55). Both may
// block for seconds.
#pragma once

#include "enroll/documents.h"
#include "keystore/keystore.h"

namespace fairlead::device {

struct WrittenOffer {
  Bytes document;
  std::string
      unproven_because;  // why there is no proof; empty: there is, or no hardware to give it
};
// `key` is the key `name` of the keystore. An Offer without proof is better than none: whether it
// is enough is for the upstream to say.
Result<WrittenOffer> write_offer(keystore::Keystore& keystore, const keystore::KeyName& name,
                                 crypto::Signer& key, const enroll::Offer& offer);

struct OpenedGrant {
  Bytes document;  // as enroll::decode_grant takes it
  bool sealed = false;
};
// untrusted: it was sealed to other hardware.
Result<OpenedGrant> open_if_sealed(keystore::Keystore& keystore, View document);

}  // namespace fairlead::device
