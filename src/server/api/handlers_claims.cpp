// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"
#include "codec/base64.h"
#include "server/api/call.h"
#include "server/claims.h"

namespace fairlead::server::api {

Result<Response> claim_device(Call& call) {
  TRY(auto text, call.text("offer", document_characters_max));
  auto offer = from_base64(text);
  if (!offer || offer->size() > limits::offer_bytes_max)
    return fail(Errc::malformed, "'offer' is not base64 of a signed Offer");
  TRY(auto proof_text, call.text("proof"));
  auto proof = local_proof_from(proof_text);
  if (!proof) return fail(Errc::malformed, "'proof' is none of code, button and stick");
  LocalClaim claim;
  claim.right = call.who.user.role == registry::Role::engineer ? enroll::Right::plan_row
                                                               : enroll::Right::user;
  claim.proof = *proof;
  TRY(claim.name, call.text_or("name", ""));
  claim.actor = call.actor();
  TRY(auto account, call.text_or("account", ""));
  TRY(claim.account, own_account(call, account));
  if (claim.account.empty())
    return fail(Errc::malformed, "'account' is missing: whose device is it?");
  TRY(auto replaces, call.text_or("replaces", ""));
  claim.replaces = DeviceId(std::move(replaces));
  if (!claim.replaces.empty()) TRY_VOID(authorize(call.who, "devices:write"));  // it is revoked
  Claims claims(call.s.store, call.s.enroller, call.s.log);
  TRY(auto answer, claims.claim(*offer, claim, call.request.now));
  json::object out{{"device", answer.device.str()}};
  if (!answer.grant) {
    out["state"] = "waiting";
    out["why"] = answer.why;
    return ok_json(out);
  }
  out["state"] = "granted";
  out["grant"] = to_base64(*answer.grant);
  out["owner"] = to_base64(call.s.identity.owner->public_key().spki());
  return ok_json(out);
}

}  // namespace fairlead::server::api
