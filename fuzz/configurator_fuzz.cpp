// SPDX-License-Identifier: Apache-2.0
// A Configurator whose device does what the input says: how it behaves, what it asks for, and which
// of its messages are changed on the way. Nothing is configured but a device with the right key
// whose messages came as it sent them; and once it has ended, an exchange says nothing more.
#include "base/assert.h"
#include "counting_random.h"
#include "support/dpp_enrollee.h"

namespace {

using namespace fairlead;

const Time now = from_unix_seconds(1'000);

class Run {
 public:
  explicit Run(View input) : input_(input) {}

  void run() {
    const crypto::CurveKey device_key = key(), own = key();
    const std::uint8_t flags = take();
    test::DppEnrollee::Habits habits;
    habits.version = flags & 1 ? 2 : 1;
    habits.pending_first = flags & 2;
    habits.capabilities = take();
    habits.result = static_cast<dpp::Status>(take() % 15);
    wants_status_ = flags & 4;
    change_at_ = flags & 8 ? take() : -1;
    if (flags & 16) {
      const std::size_t length = std::min<std::size_t>(take() * 4u, input_.size());
      habits.request = as_text(input_.first(length));
      input_ = input_.subspan(length);
    }
    test::DppEnrollee device(device_key.clone(), random_, habits);
    device_ = &device;
    dpp::Configurator configurator(random_);
    configurator_ = &configurator;
    const dpp::BootstrapKey known = dpp::bootstrap_key(device_key.point);
    if (flags & 32)
      carry_out(configurator.respond(own, known, device.start(own.point), now));
    else
      carry_out(configurator.initiate(known, own.clone(), now));
    if (configured_ && habits.version == 2 && wants_status_) ASSERT(configurator.ended());
    if (!configurator.ended())
      carry_out(flags & 64 ? configurator.on_closed() : configurator.on_deadline());
    ASSERT(configurator.ended() && !configurator.deadline());
    ASSERT(ends_ == 1);
    ASSERT(configurator.on_message(input_, now).empty());
  }

 private:
  crypto::CurveKey key() { return generate_curve_key(crypto::Curve::p256, random_).value(); }
  std::uint8_t take() {
    if (input_.empty()) return 0;
    std::uint8_t out = input_[0];
    input_ = input_.subspan(1);
    return out;
  }
  void change(Bytes& body) {
    if (message_++ != change_at_) return;
    const std::size_t at = take() * 256u + take();
    if (at < body.size())
      body[at] ^= take();
    else
      body = to_bytes(input_);
    // The token of a request is given back as it comes.
    changed_ = !(at == 1 && body[0] == 0x0A);
  }
  void carry_out(dpp::Actions actions) {
    for (dpp::Action& each : actions) {
      if (auto* send = std::get_if<dpp::Send>(&each)) {
        for (Bytes& answer : device_->on_message(send->body)) {
          const Bytes before = answer;
          change(answer);
          changed_ = changed_ && answer != before;
          carry_out(configurator_->on_message(answer, now));
        }
      } else if (std::holds_alternative<dpp::Configure>(each)) {
        ASSERT(!changed_);
        std::vector<SecretBytes> objects;
        objects.emplace_back(to_bytes("{}"));
        carry_out(configurator_->configured(std::move(objects), wants_status_, now));
      } else if (std::holds_alternative<dpp::Configured>(each)) {
        ++ends_;
        configured_ = true;
      } else if (auto* failed = std::get_if<dpp::Failed>(&each)) {
        ++ends_;
        ASSERT(!failed->why.context.empty());
      }
    }
  }

  View input_;
  fuzz::CountingRandom random_;
  test::DppEnrollee* device_ = nullptr;
  dpp::Configurator* configurator_ = nullptr;
  int message_ = 0, change_at_ = -1, ends_ = 0;
  bool wants_status_ = false, configured_ = false, changed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 4'096) Run(View(data, size)).run();
  return 0;
}
