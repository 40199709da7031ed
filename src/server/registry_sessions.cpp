// SPDX-License-Identifier: Apache-2.0
#include "server/registry_sessions.h"

#include "codec/base64.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"

namespace fairlead::server {

namespace {

std::string id_of(std::string_view token) {
  return to_base64url(View(crypto::sha256(as_view(token))));
}

// Sealed = [id, state]: a state that is moved to another row opens as none of that one.
Bytes content(std::string_view id, View state) {
  return cbor::Writer().array(2).text(id).bytes(state).take();
}

Result<Bytes> state_in(View content, std::string_view id) {
  cbor::Reader in(content);
  in.array(2);
  bool same = in.text(64) == id;
  Bytes state = to_bytes(in.bytes(content.size()));
  if (!in.failed() && !same) return fail(Errc::untrusted, "a session's state is another session's");
  return in.finish(std::move(state));
}

}  // namespace

Result<std::string> RegistrySessions::create(Bytes state) {
  // Nobody is pushed out here: whoever has a run goes on, and new ones wait until others have
  // ended.
  if (size() >= limits_.max) return fail(Errc::busy, "too many onboardings at once");
  std::string token = to_base64url(random_.bytes(32));
  TRY_VOID(put(token, std::move(state), Standing::half_open));
  ++created_since_;
  return token;
}

Result<void> RegistrySessions::put(const std::string& token, Bytes state, Standing standing) {
  std::string id = id_of(token);
  TRY(Bytes sealed, keys_.seal(content(id, state)));
  return store_.commit({registry::PutSession{
      {std::move(id), std::move(sealed), clock_() + limits_.lifetime(standing)}}});
}

Result<std::optional<Bytes>> RegistrySessions::take(std::string_view token) {
  std::optional<Bytes> none;
  std::string id = id_of(token);
  TRY(auto session, store_.read().find_session(id));
  if (!session || session->expires < clock_()) return none;
  // Whoever removes it has it: another server may have read the same row.
  auto taken = store_.commit({registry::TakeSession{id, session->state}});
  if (!taken && taken.error().code == Errc::conflict) return none;
  TRY_VOID(std::move(taken));
  TRY(auto opened, keys_.unseal(session->state).in("session in the registry"));
  TRY(auto state, state_in(opened.reveal(), id));
  return std::optional(std::move(state));
}

Result<void> RegistrySessions::sweep() {
  TRY_VOID(store_.read().remove_sessions_before(clock_()));
  TRY(auto counts, store_.read().counts());
  created_since_ = 0;
  counted_ = counts.sessions;
  return ok();
}

}  // namespace fairlead::server
