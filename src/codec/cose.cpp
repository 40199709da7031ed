// SPDX-License-Identifier: Apache-2.0
#include "codec/cose.h"

#include "base/limits.h"
#include "codec/cbor/unique_keys.h"
#include "codec/cbor/writer.h"

namespace fairlead::cose {

namespace {

constexpr std::int64_t label_alg = 1, label_crit = 2, label_iv = 5;
constexpr std::size_t labels_max = 8, label_text_bytes_max = 64;

// A header map; calls on(label, reader) for each pair with an integer label, and the callee takes
// the value. Text labels mean nothing to us and are passed over.
template <class On>
void read_labels(cbor::Reader& in, On on) {
  cbor::UniqueKeys<labels_max> seen;
  std::size_t pairs = in.map(labels_max);
  for (std::size_t i = 0; i < pairs && !in.failed(); ++i) {
    bool is_text = in.peek() == cbor::Kind::text;
    std::int64_t label = 0;
    std::string_view text;
    if (is_text)
      text = in.text_view(label_text_bytes_max);
    else
      label = in.integer();
    // RFC 9052 §3: "Labels in each of the maps MUST be unique."
    if (!(is_text ? seen.insert(text) : seen.insert(label)))
      in.fail_here("COSE header label appears twice");
    // RFC 9052 §3.1, crit: "if a header parameter in this list is not understood, it is a fatal
    // error". We understand none that would have to be listed.
    if (label == label_crit && !is_text)
      in.fail_here("COSE header parameter crit is not supported");
    if (is_text)
      in.skip();
    else
      on(label, in);
  }
}

std::optional<std::int64_t> alg_of(cbor::Reader& outer, View protected_bytes) {
  std::optional<std::int64_t> alg;
  // RFC 9052 §3: an empty map may be sent as a zero-length string
  if (protected_bytes.empty()) return alg;
  cbor::Reader in(protected_bytes);
  read_labels(in, [&](std::int64_t label, cbor::Reader& r) {
    if (label == label_alg)
      alg = r.integer();
    else
      r.skip();
  });
  auto result = in.finish();
  if (!result) outer.fail_with(std::move(result).in("COSE protected header").error());
  return alg;
}

bool take_tag(cbor::Reader& in, std::uint64_t tag, TagRule rule) {
  if (in.take_tag(tag)) return true;
  if (rule == TagRule::required) in.fail_here("COSE tag " + std::to_string(tag) + " is missing");
  return rule == TagRule::optional;
}

}  // namespace

Sign1View read_sign1(cbor::Reader& in, TagRule tag) {
  Sign1View out;
  if (!take_tag(in, tag_sign1, tag)) return out;
  in.array(4);
  out.protected_bytes = in.bytes(limits::fdo_message_bytes_max);
  auto alg = alg_of(in, out.protected_bytes);
  out.unprotected = in.raw();
  if (!in.failed()) {
    cbor::Reader labels(out.unprotected);
    read_labels(labels, [&](std::int64_t label, cbor::Reader& r) {
      // RFC 9052 §3: "Applications SHOULD verify that the same label does not occur in both the
      // protected and unprotected header parameters." Two algorithms are one too many.
      if (label == label_alg && alg) r.fail_here("COSE algorithm is in both headers");
      r.skip();
    });
    auto result = labels.finish();
    if (!result) in.fail_with(std::move(result).in("COSE unprotected header").error());
  }
  out.payload = in.bytes(limits::fdo_message_bytes_max);
  out.signature = in.bytes(1024);
  if (!in.failed() && !alg) in.fail_here("COSE_Sign1 names no algorithm");
  out.alg = alg.value_or(0);
  return out;
}

Result<Sign1View> decode_sign1(View encoded, TagRule tag) {
  cbor::Reader in(encoded);
  auto out = read_sign1(in, tag);
  return in.finish(out);
}

Bytes sign1_to_be_signed(View protected_bytes, View payload) {
  cbor::Writer out;
  out.reserve(payload.size() + protected_bytes.size() + 24);
  out.array(4).text("Signature1").bytes(protected_bytes).bytes({}).bytes(payload);
  return out.take();
}

Bytes protected_header(std::int64_t alg) {
  cbor::Writer out;
  out.map(1).integer(label_alg).integer(alg);
  return out.take();
}

Bytes encode_sign1(View protected_bytes, View unprotected, View payload, View signature) {
  cbor::Writer out;
  out.reserve(payload.size() + unprotected.size() + signature.size() + 24);
  out.tag(tag_sign1)
      .array(4)
      .bytes(protected_bytes)
      .raw(unprotected)
      .bytes(payload)
      .bytes(signature);
  return out.take();
}

Result<Encrypt0View> decode_encrypt0(View encoded, TagRule tag) {
  cbor::Reader in(encoded);
  Encrypt0View out;
  if (take_tag(in, tag_encrypt0, tag)) {
    in.array(3);
    out.protected_bytes = in.bytes(256);
    out.alg = alg_of(in, out.protected_bytes);
    read_labels(in, [&](std::int64_t label, cbor::Reader& r) {
      if (label == label_iv)
        out.iv = r.bytes(32);
      else
        r.skip();
    });
    out.ciphertext = in.bytes(limits::fdo_message_bytes_max);
  }
  return in.finish(out);
}

Bytes encode_encrypt0(std::int64_t alg, View iv, View ciphertext) {
  cbor::Writer out;
  out.reserve(ciphertext.size() + 48);
  out.tag(tag_encrypt0).array(3).bytes(protected_header(alg));
  out.map(1).integer(label_iv).bytes(iv);
  out.bytes(ciphertext);
  return out.take();
}

Bytes encrypt0_aad(View protected_bytes) {
  cbor::Writer out;
  out.array(3).text("Encrypt0").bytes(protected_bytes).bytes({});
  return out.take();
}

}  // namespace fairlead::cose
