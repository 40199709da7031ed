// SPDX-License-Identifier: Apache-2.0
// tests/vectors/fdo/transcripts: onboardings recorded from a stock device. Every message is
// decoded; the recorded device talks to our owner, which is given the recorded owner's random
// values; the recorded messages of the owner are given to our device as far as its key exchange
// lets them.
#include <gtest/gtest.h>

#include "codec/cose.h"
#include "codec/pem.h"
#include "support/fdo_party.h"
#include "support/random.h"

namespace fairlead::fdo {
namespace {

using test::hex_at;
using test::must;
using test::text_at;

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(info.param.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

class Transcript : public testing::TestWithParam<std::string> {
 protected:
  boost::json::value json_ = test::read_json_vector(GetParam());
  std::vector<test::RecordedMessage> messages_ = test::recorded_messages(json_);
  Voucher voucher_ = must(decode_voucher(hex_at(json_, "/voucher_hex")));
  CipherSuite cipher_ = *parse_cipher_suite(json_.at_pointer("/to2/cipher").as_int64());

  bool has(std::string_view member) const { return json_.as_object().contains(member); }
  test::Key key(std::string_view name) {
    return must(crypto::SoftwareKey::from_pem(text_at(json_, "/keys/" + std::string(name))));
  }
  const test::RecordedMessage& message(int type) const {
    return *std::ranges::find(messages_, type, &test::RecordedMessage::type);
  }
  KexSuite kex() const {
    return *parse_kex_suite(must(decode_hello_device(message(60).body)).kex_suite);
  }
  // The last `width` bytes of the private key's scalar, out of its PKCS#8 or SEC1 form.
  Bytes owner_scalar() {
    auto der = must(pem::decode(text_at(json_, "/to2/kex_owner_priv")))[0].content;
    std::size_t width = crypto::coordinate_bytes(curve_of(kex()));
    const Bytes head{0x02, 0x01, 0x01, 0x04, static_cast<std::uint8_t>(width)};  // ECPrivateKey
    auto at = std::ranges::search(der, head);
    EXPECT_FALSE(at.empty());
    return Bytes(at.end(), at.end() + static_cast<std::ptrdiff_t>(width));
  }
};
INSTANTIATE_TEST_SUITE_P(Recorded, Transcript, testing::ValuesIn(test::transcript_names()),
                         test_name);

// What our encoder would write is what travelled, except where the stock device orders maps as it
// likes (EAT) and in DeviceMfgInfo, which has elements of its own.
TEST_P(Transcript, EveryMessageIsDecodedAndWrittenAgain) {
  for (const auto& m : messages_) {
    SCOPED_TRACE(m.type);
    View in = m.plaintext.empty() ? m.body : m.plaintext;
    Bytes again;
    switch (m.type) {
      case 10:
        EXPECT_FALSE(must(decode_app_start(in)).csr.empty());
        continue;
      case 11: {
        Bytes header = must(decode_set_credentials(in));
        EXPECT_EQ(header, voucher_.header.encoded);
        again = encode_set_credentials(header);
        break;
      }
      case 12:
        EXPECT_EQ(must(decode_set_hmac(in)), voucher_.hmac);
        again = encode_set_hmac(voucher_.hmac);
        break;
      case 13:
        EXPECT_TRUE(decode_empty(in));
        again = encode_empty();
        break;
      case 30:
        again = encode_hello_rv(must(decode_hello_rv(in)));
        break;
      case 31: {
        auto ack = must(decode_hello_rv_ack(in));
        again = encode_hello_rv_ack(ack.nonce, ack.sg_type);
        break;
      }
      case 32:
      case 64:
        EXPECT_EQ(must(decode_eat(in)).claims.guid, voucher_.header.guid);
        continue;
      case 33: {
        auto to1d = must(decode_to1d(in));
        EXPECT_TRUE(verify_to1d(to1d, voucher_.owner_key().key));
        if (has("to0d_hex"))
          EXPECT_EQ(to1d.to0d_hash, hash_of(to1d.to0d_hash.alg, {hex_at(json_, "/to0d_hex")}));
        continue;
      }
      case 60:
        again = encode_hello_device(must(decode_hello_device(in)));
        break;
      case 61:
        EXPECT_EQ(must(decode_prove_ov_header(in)).header, voucher_.header.encoded);
        continue;
      case 62:
        again = encode_get_next_entry(must(decode_get_next_entry(in)));
        break;
      case 63: {
        auto next = must(decode_next_entry(in));
        EXPECT_EQ(next.entry, voucher_.entries.at(next.index).encoded);
        again = encode_next_entry(next.index, next.entry);
        break;
      }
      case 65:
        must(decode_setup_device(in));
        continue;
      case 66: {
        auto ready = must(decode_device_ready(in));
        again = encode_device_ready(ready.replacement_hmac,
                                    static_cast<std::uint16_t>(ready.max_owner_service_info));
        break;
      }
      case 67:
        again = encode_owner_ready(static_cast<std::uint16_t>(must(decode_owner_ready(in))));
        break;
      case 68:
        again = encode_device_info(must(decode_device_info(in)));
        break;
      case 69:
        again = encode_owner_info(must(decode_owner_info(in)));
        break;
      case 70:
      case 71:
        again = encode_nonce(must(decode_nonce(in)));
        break;
      default:
        FAIL() << "no such message";
    }
    EXPECT_EQ(to_hex(again), to_hex(in));
  }
}

TEST_P(Transcript, EveryBodyCutShortIsRefused) {
  for (const auto& m : messages_) {
    View in = m.plaintext.empty() ? m.body : m.plaintext;
    for (std::size_t size = 0; size < in.size(); ++size) {
      View cut = in.first(size);
      bool taken = false;
      switch (m.type) {
        case 10:
          taken = decode_app_start(cut).has_value();
          break;
        case 11:
          taken = decode_set_credentials(cut).has_value();
          break;
        case 12:
          taken = decode_set_hmac(cut).has_value();
          break;
        case 13:
          taken = decode_empty(cut).has_value();
          break;
        case 30:
          taken = decode_hello_rv(cut).has_value();
          break;
        case 31:
          taken = decode_hello_rv_ack(cut).has_value();
          break;
        case 32:
        case 64:
          taken = decode_eat(cut).has_value();
          break;
        case 33:
          taken = decode_to1d(cut).has_value();
          break;
        case 60:
          taken = decode_hello_device(cut).has_value();
          break;
        case 61:
          taken = decode_prove_ov_header(cut).has_value();
          break;
        case 62:
          taken = decode_get_next_entry(cut).has_value();
          break;
        case 63:
          taken = decode_next_entry(cut).has_value();
          break;
        case 65:
          taken = decode_setup_device(cut).has_value();
          break;
        case 66:
          taken = decode_device_ready(cut).has_value();
          break;
        case 67:
          taken = decode_owner_ready(cut).has_value();
          break;
        case 68:
          taken = decode_device_info(cut).has_value();
          break;
        case 69:
          taken = decode_owner_info(cut).has_value();
          break;
        default:
          taken = decode_nonce(cut).has_value();
          break;
      }
      ASSERT_FALSE(taken) << m.type << " cut to " << size;
    }
  }
}

TEST_P(Transcript, TheSessionKeyOpensEveryMessage) {
  auto ours = must(crypto::ecdh_from_scalar(curve_of(kex()), owner_scalar()));
  Bytes xa = hex_at(json_, "/to2/xA"), xb = hex_at(json_, "/to2/xB");
  KexShare share{std::move(ours), SecretBytes::copy_of(View(xa).last(random_bytes(kex())))};
  EXPECT_EQ(share.parameter(), xa);
  auto secret = must(shared_secret(KexRole::owner, share, must(decode_kex_parameter(kex(), xb))));
  EXPECT_EQ(to_bytes(secret.reveal()), hex_at(json_, "/to2/shse"));
  auto key = derive_session_key(cipher_, secret.reveal());
  EXPECT_EQ(to_bytes(key.reveal()), hex_at(json_, "/to2/sek"));
  Tunnel tunnel(cipher_, std::move(key), KexRole::owner);
  for (const auto& m : messages_)
    if (m.type >= 65) EXPECT_EQ(must(tunnel.open(m.body)), m.plaintext) << m.type;
}

// The recorded device against our owner.
class Replay : public Transcript {
 protected:
  OwnerPlan plan() {
    if (GetParam().ends_with("download.json")) {
      Bytes content;
      std::string name;
      for (const auto& m : messages_) {
        if (m.type != 69) continue;
        for (const auto& pair : must(decode_owner_info(m.plaintext)).info) {
          cbor::Reader in(pair.value);
          if (pair.key == "fdo.download:name") name = in.text(100);
          if (pair.key == "fdo.download:data") append(content, in.bytes(2000));
        }
      }
      return {action::Download{name, std::make_shared<const FileInMemory>(content)}};
    }
    if (!GetParam().ends_with("command_intel.json")) return {};
    action::Command command;
    for (const auto& pair : must(decode_owner_info(message(69).plaintext)).info) {
      cbor::Reader in(pair.value);
      if (pair.key.ends_with(":command")) command.command = in.text(100);
      if (pair.key.ends_with(":may_fail")) command.may_fail = in.boolean();
      if (pair.key.ends_with(":return_stdout")) command.return_stdout = in.boolean();
      if (pair.key.ends_with(":return_stderr")) command.return_stderr = in.boolean();
      if (!pair.key.ends_with(":args")) continue;
      std::size_t count = in.array_between(0, 10);
      for (std::size_t i = 0; i < count; ++i) command.args.push_back(in.text(100));
    }
    return {command};
  }
};
INSTANTIATE_TEST_SUITE_P(Recorded, Replay, testing::ValuesIn(test::transcript_names()), test_name);

TEST_P(Replay, TheRecordedDeviceIsOnboardedByOurOwner) {
  test::ScriptedRandom random;
  Bytes xa = hex_at(json_, "/to2/xA");
  auto proof = must(decode_prove_ov_header(message(61).body));
  auto setup = must(decode_setup_device(message(65).plaintext));
  bool reuse = setup.guid == voucher_.header.guid;
  auto iv = [&](const Bytes& body) {
    Bytes nonce = to_bytes(must(cose::decode_encrypt0(body)).iv);
    if (nonce.size() == 12) random.push(nonce);  // CCM counts instead of drawing
  };
  random.push(owner_scalar());
  random.push(View(xa).last(random_bytes(kex())));
  random.push(View(proof.nonce_prove_dv));

  auto owner = key("owner");
  To2OwnerContext context{voucher_, *owner, random, reuse, setup.rendezvous};
  auto started = must(on_hello_device(context, message(60).body));
  auto ours = must(decode_prove_ov_header(started.message61));
  EXPECT_EQ(ours.xa, xa);
  EXPECT_EQ(ours.hello_hash, proof.hello_hash);
  EXPECT_EQ(ours.hmac_encoded, proof.hmac_encoded);
  EXPECT_EQ(ours.owner_key.encoded, proof.owner_key.encoded);
  EXPECT_EQ(ours.entries, proof.entries);
  EXPECT_EQ(ours.nonce_prove_dv, proof.nonce_prove_dv);

  auto proving = std::get<to2::ProvingDevice>(std::move(started.state));
  for (const auto& m : messages_) {
    if (m.type != 62) continue;
    auto index = must(decode_get_next_entry(m.body));
    EXPECT_EQ(must(on_get_next_entry(context, proving, m.body)),
              encode_next_entry(index, voucher_.entries[index].encoded));
  }

  random.push(Bytes(4, 1));  // where CCM counts from
  if (!reuse) random.push(View(setup.guid));
  iv(message(65).body);
  auto proven = must(on_prove_device(context, std::move(proving), message(64).body));
  EXPECT_TRUE(random.used_up());
  auto setting_up = std::get<to2::SettingUp>(std::move(proven.state));
  auto ours65 = must(decode_setup_device(
      must(test::tunnel_twin(setting_up.tunnel, KexRole::device).open(proven.message65))));
  EXPECT_EQ(ours65.guid, setup.guid);
  EXPECT_EQ(ours65.nonce_setup_dv, setup.nonce_setup_dv);
  EXPECT_EQ(ours65.rendezvous.encoded, setup.rendezvous.encoded);

  iv(message(67).body);
  auto ready = must(on_service_info_ready(context, std::move(setting_up), message(66).body));
  EXPECT_EQ(ready.replacement.has_value(), !reuse);
  if (!reuse) {
    auto recorded = must(decode_voucher(hex_at(json_, "/replacement_voucher_hex")));
    EXPECT_EQ(ready.replacement->header.guid, recorded.header.guid);
    EXPECT_EQ(ready.replacement->hmac, recorded.hmac);
  }

  // 69 for 69, byte for byte, as long as the recorded owner did what ours would do.
  auto exchanging = std::get<to2::Exchanging>(std::move(ready.state));
  OwnerPlan actions = plan();
  test::RecordingEvents events;
  int compared = 0;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (messages_[i].type != 68) continue;
    const auto& recorded = messages_[i + 1];
    if (recorded.plaintext == *from_hex("83f4f481827361636d652e756e6b6e6f776e3a61637469766541f5"))
      break;  // here the recorded owner asks for a module that nobody has
    iv(recorded.body);
    auto out = must(
        on_device_service_info(random, std::move(exchanging), actions, events, messages_[i].body));
    exchanging = std::get<to2::Exchanging>(std::move(out.state));
    auto plain = must(test::tunnel_twin(exchanging.tunnel, KexRole::device).open(out.message69));
    EXPECT_EQ(to_hex(plain), to_hex(recorded.plaintext)) << "69 number " << compared;
    if (cipher_ != CipherSuite::ccm_64_128_128 && cipher_ != CipherSuite::ccm_64_128_256)
      EXPECT_EQ(out.message69, recorded.body);
    ++compared;
  }
  EXPECT_GE(compared, 1);
  EXPECT_EQ(events.devmod.os, "Linux");
  EXPECT_TRUE(events.devmod.has("fdo_sys"));
  if (GetParam().ends_with("download.json")) return;

  iv(message(71).body);
  auto done = must(on_done(random, std::move(exchanging), message(70).body));
  if (cipher_ != CipherSuite::ccm_64_128_128 && cipher_ != CipherSuite::ccm_64_128_256)
    EXPECT_EQ(done.message71, message(71).body);
  EXPECT_EQ(done.new_guid, setup.guid);
}

// The secret of some recordings is not known; what it made of the voucher's header is.
class RecordedHmac final : public crypto::HmacKey {
 public:
  explicit RecordedHmac(const Voucher& voucher) : voucher_(voucher) {}
  Result<Bytes> hmac(crypto::HashAlg alg, View message) override {
    if (alg != voucher_.hmac.alg || !equal(message, voucher_.header.encoded))
      return fail(Errc::internal, "not the header that was recorded");
    return voucher_.hmac.value;
  }

 private:
  const Voucher& voucher_;
};

// The recorded rendezvous server and owner against our device, up to 64: from there on the device
// encrypts with a key of its own, so the recording has no answer.
TEST_P(Replay, OurDeviceTakesTheRecordedOwnerUpTo64) {
  auto device_key = key("device");
  auto credential = credential_from(voucher_.header);
  std::optional<To1d> to1d;
  if (std::ranges::find(messages_, 33, &test::RecordedMessage::type) != messages_.end())
    to1d = must(on_rv_redirect(message(33).body));
  RecordedHmac hmac(voucher_);
  crypto::SoftwareHmacKey next(SecretBytes(Bytes(32, 1)));
  test::ScriptedRandom random;
  auto hello = must(decode_hello_device(message(60).body));
  random.push(View(hello.nonce_prove_ov));
  To2DeviceOptions options;
  options.kex = kex();
  options.cipher = cipher_;
  options.max_message_bytes = hello.max_message_bytes;
  To2Device device(credential, {*device_key, hmac, next}, options, to1d, random, {},
                   test::test_devmod());
  EXPECT_EQ(to_hex(must(device.start()).body), to_hex(message(60).body));
  auto out = must(device.on_message(61, message(61).body));
  for (const auto& m : messages_) {
    if (m.type != 63) continue;
    EXPECT_EQ(out.type, 62);
    out = must(device.on_message(63, m.body));
  }
  EXPECT_EQ(out.type, 64);
  auto eat = must(decode_eat(out.body));
  EXPECT_TRUE(verify_eat(eat, voucher_.device_chain.front().public_key()));
  // A recorded 65 is for another session key: 100, and nothing is committed.
  auto refused = device.on_message(65, message(65).body);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::body);
  EXPECT_FALSE(device.committed());
}

}  // namespace
}  // namespace fairlead::fdo
