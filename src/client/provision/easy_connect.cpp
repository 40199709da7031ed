// SPDX-License-Identifier: Apache-2.0
#include "client/provision/easy_connect.h"

#include <algorithm>
#include <iterator>

#include "dpp/configurator.h"
#include "dpp/uri.h"

namespace fairlead::client {

namespace {

// The device waits two seconds for its Enrollee before it says that there is nothing.
constexpr unsigned silences_max = 5;

// One exchange, in which the device's Enrollee starts. What the Configurator says is collected, and
// carried by the next command.
class Exchange {
 public:
  Exchange(DeviceLink& link, const local::WifiCredentials& network, crypto::CurveKey own,
           dpp::BootstrapKey device, Random& random)
      : link_(link),
        network_(network),
        own_(std::move(own)),
        device_(std::move(device)),
        configurator_(random) {}

  Answer<void> run() {
    for (unsigned silences = 0; !configured_ && why_.empty();) {
      TRY(auto answer, link_.say(local::command::Carry{std::exchange(to_send_, {})}));
      if (auto* no = std::get_if<local::answer::No>(&answer))
        return problem(ProblemKind::failed, plain_text(no->obstacle.words));
      auto* carried = std::get_if<local::answer::Carried>(&answer);
      if (!carried || !joiner_.take(carried->content))
        return problem(ProblemKind::server_fault, "the device says what is no Easy Connect");
      while (auto body = joiner_.next()) hear(*body);
      if (!carried->open) carry_out(configurator_.on_closed());
      const bool ended = !carried->open && !configured_;
      if (ended || (to_send_.empty() && ++silences > silences_max))
        why_ = why_.empty() ? "the device ended the exchange" : why_;
    }
    if (configured_) return {};
    return problem(ProblemKind::failed, why_);
  }

 private:
  // Without a clock: a device that says nothing is given up by how often it was asked.
  void hear(View body) {
    carry_out(std::exchange(begun_, true) ? configurator_.on_message(body, {})
                                          : configurator_.respond(own_, device_, body, {}));
  }
  void carry_out(dpp::Actions actions) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      dpp::Action action = std::move(actions[i]);
      if (auto* send = std::get_if<dpp::Send>(&action)) {
        append(to_send_, dpp::framed(send->body));
      } else if (std::holds_alternative<dpp::Configure>(action)) {
        std::vector<SecretBytes> objects;
        objects.push_back(dpp::encode_configuration(
            {network_.ssid, dpp::Akm::psk_sae, network_.passphrase.clone()}, {}));
        std::ranges::move(configurator_.configured(std::move(objects), false, {}),
                          std::back_inserter(actions));
      } else if (std::holds_alternative<dpp::Configured>(action)) {
        configured_ = true;
      } else if (auto* failed = std::get_if<dpp::Failed>(&action)) {
        why_ = failed->why.context;
      }
    }
  }

  DeviceLink& link_;
  const local::WifiCredentials& network_;
  crypto::CurveKey own_;
  dpp::BootstrapKey device_;
  dpp::Configurator configurator_;
  dpp::BodyJoiner joiner_;
  Bytes to_send_;
  bool begun_ = false, configured_ = false;
  std::string why_;
};

Answer<dpp::BootstrapUri> uri_of(std::string_view text, std::string_view whose) {
  auto uri = dpp::decode_bootstrap_uri(text);
  if (uri) return std::move(*uri);
  return problem(ProblemKind::usage, std::string(whose) + ": " + uri.error().context);
}

// Where the label was read it says which key the device has to have; else the device does, which
// the session vouches for.
Answer<dpp::BootstrapKey> key_of_device(const std::string& label, const std::string& said) {
  TRY(auto device, uri_of(said, "the device's word about its label"));
  if (label.empty()) return std::move(device.key);
  TRY(auto wanted, uri_of(label, "the label"));
  if (wanted.key.spki == device.key.spki) return std::move(wanted.key);
  return problem(ProblemKind::conflict, "the device has another label than the one that was read",
                 "Look whether it is the device that you mean.");
}

}  // namespace

Answer<void> give_by_easy_connect(DeviceLink& link, const local::WifiCredentials& network,
                                  const std::string& label, Random& random) {
  auto own = generate_curve_key(crypto::Curve::p256, random);
  if (!own) return problem(ProblemKind::failed, own.error().context);
  const dpp::BootstrapUri ours{{}, {}, "", 2, dpp::bootstrap_key(own->point)};
  TRY(auto opened, link.say(local::command::OpenTunnel{dpp::encode_bootstrap_uri(ours)}));
  auto* open = std::get_if<local::answer::TunnelOpen>(&opened);
  if (!open) {
    auto* no = std::get_if<local::answer::No>(&opened);
    return problem(ProblemKind::failed,
                   no ? plain_text(no->obstacle.words) : "the device opens no tunnel");
  }
  TRY(auto device, key_of_device(label, open->uri));
  Exchange exchange(link, network, std::move(*own), std::move(device), random);
  TRY_VOID(exchange.run());
  TRY(auto closed, link.say(local::command::CloseTunnel{}));
  if (std::holds_alternative<local::answer::Done>(closed)) return {};
  auto* no = std::get_if<local::answer::No>(&closed);
  return problem(ProblemKind::failed,
                 no ? plain_text(no->obstacle.words) : "the device has no network");
}

}  // namespace fairlead::client
