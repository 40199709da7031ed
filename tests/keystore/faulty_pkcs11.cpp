// SPDX-License-Identifier: Apache-2.0
#include "keystore/faulty_pkcs11.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

namespace {

using fairlead::test::Pkcs11Faults;

Pkcs11Faults faults;
CK_FUNCTION_LIST* real = nullptr;

// The answer of a change, if it is the one to fail.
CK_RV change() {
  if (faults.change_to_fail < 0 || faults.change_to_fail-- > 0) return CKR_OK;
  return faults.change_answer;
}

CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID* slots, CK_ULONG* count) {
  if (!faults.token_gone) return real->C_GetSlotList(present, slots, count);
  *count = 0;
  return CKR_OK;
}
CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  if (faults.token_gone) return faults.token_gone;
  CK_RV code = real->C_GetTokenInfo(slot, info);
  info->flags |= faults.token_flags;
  return code;
}
CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
  if (faults.token_gone) return faults.token_gone;
  return real->C_OpenSession(slot, flags, application, notify, session);
}
CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR* pin, CK_ULONG length) {
  ++faults.logins;
  return faults.login_answer ? faults.login_answer : real->C_Login(session, user, pin, length);
}
CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  if (faults.token_gone) return faults.token_gone;
  return real->C_FindObjectsInit(session, wanted, count);
}
CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* how, CK_OBJECT_HANDLE key) {
  if (faults.token_gone) return faults.token_gone;
  ++faults.signatures;
  return real->C_SignInit(session, how, key);
}
CK_RV set_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* values,
                     CK_ULONG count) {
  CK_RV fault = change();
  return fault ? fault : real->C_SetAttributeValue(session, object, values, count);
}
CK_RV destroy(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
  CK_RV fault = change();
  return fault ? fault : real->C_DestroyObject(session, object);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) Pkcs11Faults* fairlead_pkcs11_faults() {
  return &faults;
}

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** out) {
  static CK_FUNCTION_LIST list;
  void* library = ::dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  auto entry = library
                   ? reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))
                   : nullptr;
  if (!entry || entry(&real) != CKR_OK) return CKR_GENERAL_ERROR;
  list = *real;
  list.C_GetSlotList = get_slot_list;
  list.C_GetTokenInfo = get_token_info;
  list.C_OpenSession = open_session;
  list.C_Login = login;
  list.C_FindObjectsInit = find_init;
  list.C_SignInit = sign_init;
  list.C_SetAttributeValue = set_attributes;
  list.C_DestroyObject = destroy;
  *out = &list;
  return CKR_OK;
}
