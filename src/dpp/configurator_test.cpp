// SPDX-License-Identifier: Apache-2.0
// A Configurator and a device that talk, a device that errs, and a hand in between that changes
// what they say.
#include "dpp/configurator.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/system_random.h"
#include "support/dpp_enrollee.h"

namespace fairlead::dpp {
namespace {

using crypto::Curve;
using test::DppEnrollee;

const Time start = from_unix_seconds(1'000);

crypto::CurveKey fresh(Curve curve) {
  crypto::SystemRandom random;
  return generate_curve_key(curve, random).value();
}

// Both ends, and what the Configurator's driver saw.
struct Exchange {
  explicit Exchange(DppEnrollee::Habits habits = {}, Curve curve = Curve::p256)
      : device_key(fresh(curve)),
        own(fresh(Curve::p256)),
        device(device_key.clone(), random, std::move(habits)),
        configurator(random) {}

  void we_start() {
    carry_out(configurator.initiate(bootstrap_key(device_key.point), own.clone(), start));
  }
  void device_starts(const BootstrapKey& expected) {
    Bytes request = device.start(own.point);
    carry_out(configurator.respond(own, expected, request, start));
  }
  void device_starts() { device_starts(bootstrap_key(device_key.point)); }

  // Until nobody has anything to say any more.
  void carry_out(Actions actions) {
    for (Action& each : actions) {
      if (auto* send = std::get_if<Send>(&each)) {
        ++sent;
        on_the_way(send->body);
        for (Bytes& answer : device.on_message(send->body)) {
          on_the_way_back(answer);
          carry_out(configurator.on_message(answer, start));
        }
      } else if (auto* question = std::get_if<Configure>(&each)) {
        asked = std::move(*question);
        decide();
      } else if (std::holds_alternative<Waits>(each)) {
        ++waits;
      } else if (auto* done = std::get_if<Configured>(&each)) {
        configured = std::move(*done);
      } else {
        failed = std::move(std::get<Failed>(each).why);
      }
    }
  }

  crypto::SystemRandom random;
  crypto::CurveKey device_key, own;
  DppEnrollee device;
  Configurator configurator;
  std::function<void(Bytes&)> on_the_way = [](Bytes&) {}, on_the_way_back = [](Bytes&) {};
  std::function<void()> decide = [this] {
    std::vector<SecretBytes> objects;
    objects.emplace_back(to_bytes("{\"one\":1}"));
    objects.emplace_back(to_bytes("{\"two\":2}"));
    carry_out(configurator.configured(std::move(objects), wants_status, start));
  };
  bool wants_status = false;
  int sent = 0, waits = 0;
  std::optional<Configure> asked;
  std::optional<Configured> configured;
  std::optional<Error> failed;
};

TEST(ConfiguratorTest, ConfiguresADeviceOnEveryCurve) {
  for (Curve curve : {Curve::p256, Curve::p384, Curve::p521}) {
    Exchange x({}, curve);
    x.we_start();
    ASSERT_TRUE(x.configured) << to_string(curve) << x.failed.value_or(Error{}).context;
    EXPECT_EQ(x.device.configurations().size(), 2u);
    EXPECT_EQ(x.asked->request.name, "press-04");
    EXPECT_EQ(x.asked->network_key.curve, curve);
    EXPECT_FALSE(x.asked->mutual);
    EXPECT_FALSE(x.configurator.deadline());
  }
}

TEST(ConfiguratorTest, AnswersADeviceThatItKnowsInMutualAuthentication) {
  Exchange x;
  x.device_starts();
  ASSERT_TRUE(x.configured) << x.failed.value_or(Error{}).context;
  EXPECT_TRUE(x.asked->mutual);
  EXPECT_EQ(x.device.configurations().front(), "{\"one\":1}");
}

TEST(ConfiguratorTest, ADeviceThatScannedOurCodeMakesItMutual) {
  Exchange x(DppEnrollee::Habits{.mutual = true});
  x.device.knows(x.own.point);
  x.we_start();
  ASSERT_TRUE(x.configured) << x.failed.value_or(Error{}).context;
  EXPECT_TRUE(x.asked->mutual);
}

TEST(ConfiguratorTest, ADeviceThatScannedAnotherCodeFails) {
  Exchange x(DppEnrollee::Habits{.mutual = true});
  x.device.knows(fresh(Curve::p256).point);
  x.we_start();
  ASSERT_TRUE(x.failed);
  EXPECT_EQ(x.failed->code, Errc::untrusted);
  EXPECT_EQ(x.device.told(), Status::auth_failure);
}

TEST(ConfiguratorTest, WaitsForSomebodyWhoScansACode) {
  Exchange x(DppEnrollee::Habits{.pending_first = true});
  x.we_start();
  EXPECT_EQ(x.waits, 1);
  EXPECT_TRUE(x.configured);
}

TEST(ConfiguratorTest, AnOlderDeviceGetsOneNetworkAndSaysNothingMore) {
  Exchange x(DppEnrollee::Habits{.version = 1});
  x.wants_status = true;
  x.we_start();
  EXPECT_TRUE(x.configured);
  EXPECT_EQ(x.device.configurations().size(), 1u);
  EXPECT_FALSE(x.device.asked_for_status());
}

TEST(ConfiguratorTest, HearsHowTheJoinEnded) {
  Exchange x;
  x.wants_status = true;
  x.we_start();
  EXPECT_TRUE(x.device.asked_for_status());
  ASSERT_FALSE(x.configured);
  EXPECT_EQ(*x.configurator.deadline(), start + limits::dpp_join_deadline);
  x.carry_out(x.configurator.on_message(x.device.status_result(R"({"result":10})"), start));
  ASSERT_TRUE(x.configured && x.configured->status);
  EXPECT_EQ(x.configured->status->result, Status::no_ap);
}

TEST(ConfiguratorTest, ADeviceThatReportsNoJoinIsConfiguredAllTheSame) {
  Exchange closes, waits;
  closes.wants_status = waits.wants_status = true;
  closes.we_start();
  waits.we_start();
  closes.carry_out(closes.configurator.on_closed());
  waits.carry_out(waits.configurator.on_deadline());
  EXPECT_TRUE(closes.configured && !closes.configured->status);
  EXPECT_TRUE(waits.configured && !waits.configured->status);
}

TEST(ConfiguratorTest, ADeviceWithoutTheLabelsKeyIsNotConfigured) {
  Exchange x(DppEnrollee::Habits{.forge_tag = [](Bytes& tag) { tag[0] ^= 1; }});
  x.we_start();
  ASSERT_TRUE(x.failed);
  EXPECT_EQ(x.failed->code, Errc::untrusted);
  EXPECT_EQ(x.device.told(), Status::auth_failure);
  EXPECT_FALSE(x.asked);
}

TEST(ConfiguratorTest, AStrangerThatStartsIsNotConfigured) {
  Exchange x(DppEnrollee::Habits{.forge_tag = [](Bytes& tag) { tag[0] ^= 1; }});
  x.device_starts();
  ASSERT_TRUE(x.failed);
  EXPECT_FALSE(x.asked);
  Exchange other;
  other.device_starts(bootstrap_key(fresh(Curve::p256).point));
  ASSERT_TRUE(other.failed);
  EXPECT_EQ(other.sent, 0);
}

TEST(ConfiguratorTest, AnotherConfiguratorIsTurnedDownInBothPlaces) {
  Exchange x(DppEnrollee::Habits{.capabilities = 2}), y(DppEnrollee::Habits{.capabilities = 2});
  x.we_start();
  y.device_starts();
  EXPECT_EQ(x.failed->code, Errc::refused);
  EXPECT_EQ(y.failed->code, Errc::refused);
  EXPECT_EQ(x.device.told(), Status::not_compatible);
  EXPECT_EQ(y.device.told(), Status::not_compatible);
}

TEST(ConfiguratorTest, ADeviceIsToldThatItGetsNothing) {
  Exchange x;
  x.decide = [&x] { x.carry_out(x.configurator.refused({Errc::refused, "no network is set"})); };
  x.we_start();
  EXPECT_EQ(x.failed->context, "no network is set");
  EXPECT_EQ(x.device.told(), Status::configure_failure);
  Exchange other(DppEnrollee::Habits{.request = "{}"});
  other.we_start();
  EXPECT_EQ(other.device.told(), Status::configure_failure);
  EXPECT_FALSE(other.asked);
}

TEST(ConfiguratorTest, AConfigurationThatFitsNoMessageIsRefused) {
  Exchange x;
  x.decide = [&x] {
    std::vector<SecretBytes> objects;
    objects.emplace_back(limits::dpp_message_bytes_max);
    x.carry_out(x.configurator.configured(std::move(objects), false, start));
  };
  x.we_start();
  EXPECT_EQ(x.failed->code, Errc::refused);
  EXPECT_EQ(x.device.told(), Status::configure_failure);
}

TEST(ConfiguratorTest, SaysThatADeviceRejectedItsConfiguration) {
  Exchange x(DppEnrollee::Habits{.result = Status::config_rejected});
  x.we_start();
  EXPECT_EQ(x.failed->code, Errc::refused);
}

TEST(ConfiguratorTest, EndsWhenNothingComes) {
  Exchange x;
  x.on_the_way = [](Bytes& body) { body[6] = 13; };  // the device takes it for something else
  Actions first = x.configurator.initiate(bootstrap_key(x.device_key.point), {}, start);
  EXPECT_EQ(first.size(), 1u);
  EXPECT_EQ(*x.configurator.deadline(), start + limits::dpp_step_deadline);
  x.carry_out(x.configurator.on_deadline());
  EXPECT_EQ(x.failed->code, Errc::timed_out);
  EXPECT_TRUE(x.configurator.on_deadline().empty());
  EXPECT_TRUE(x.configurator.on_message(as_view("late"), start).empty());
  EXPECT_TRUE(x.configurator.configured({}, false, start).empty());
  Exchange closed;
  closed.configurator.initiate(bootstrap_key(closed.device_key.point), {}, start);
  closed.carry_out(closed.configurator.on_closed());
  EXPECT_EQ(closed.failed->code, Errc::io);
}

// Whichever byte of whichever answer is changed, nobody is configured by it.
TEST(ConfiguratorTest, NoChangedAnswerIsTaken) {
  for (int message = 0; message < 2; ++message)
    for (std::size_t at = 0;; ++at) {
      Exchange x;
      int seen = 0;
      std::size_t length = 0;
      x.on_the_way_back = [&](Bytes& body) {
        if (seen++ != message) return;
        length = body.size();
        if (at < length) body[at] ^= 0x01;
      };
      x.we_start();
      if (at >= length) break;
      // The token of the request is not sealed, and is only given back.
      if (message == 1 && at == 1) continue;
      EXPECT_FALSE(x.configured) << message << " " << at;
      EXPECT_TRUE(x.failed && !x.failed->context.empty()) << message << " " << at;
      if (message == 0) {
        EXPECT_FALSE(x.asked) << at;
      }
    }
}

}  // namespace
}  // namespace fairlead::dpp
