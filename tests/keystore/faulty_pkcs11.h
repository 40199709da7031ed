// SPDX-License-Identifier: Apache-2.0
// How a test tells the module faulty_pkcs11.so what to do wrong. The module is SoftHSM but for
// that.
#pragma once

namespace fairlead::test {

struct Pkcs11Faults {
  // While set, every call that needs a token answers so.
  unsigned long token_gone = 0;
  // The n-th change of an object from now on (0: the next) is not made and answered so; -1: none.
  int change_to_fail = -1;
  unsigned long change_answer = 0;
  unsigned long token_flags = 0;   // added to what C_GetTokenInfo says
  unsigned long login_answer = 0;  // instead of logging in
  int logins = 0, signatures = 0;  // counted
};

// Exported by the module.
using Pkcs11FaultsFunction = Pkcs11Faults* (*)();
inline constexpr char pkcs11_faults_symbol[] = "fairlead_pkcs11_faults";

}  // namespace fairlead::test
