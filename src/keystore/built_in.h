// SPDX-License-Identifier: Apache-2.0
// The back ends that this build has, from which the setting `keystore` chooses. For a program's
// main.cpp; the one other place that may name them.
#pragma once

#include "keystore/file/file_keystore.h"
#ifdef FAIRLEAD_TPM2
#include "keystore/tpm2/tpm2_keystore.h"
#endif
#ifdef FAIRLEAD_PKCS11
#include "keystore/pkcs11/pkcs11_keystore.h"
#endif

namespace fairlead::keystore {

inline constexpr Backend built_in[] = {
    FileKeystore::backend,
#ifdef FAIRLEAD_TPM2
    Tpm2Keystore::backend,
#endif
#ifdef FAIRLEAD_PKCS11
    Pkcs11Keystore::backend,
#endif
};

}  // namespace fairlead::keystore
