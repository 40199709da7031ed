// SPDX-License-Identifier: Apache-2.0
#include "app/phone/device_setup.h"

#include <QMetaEnum>
#include <algorithm>
#include <thread>

#include "app/desk/text.h"
#include "app/phone/signal.h"
#include "client/provision/wifi_words.h"
#include "crypto/system_random.h"
#include "link/wifi.h"

namespace fairlead::app {

namespace {

constexpr int retry_ms = 3000;

// A carrier that its user may leave: then it answers no more.
class Leavable final : public client::DeviceCarrier {
 public:
  Leavable(std::unique_ptr<client::DeviceCarrier> carrier, const std::atomic<bool>& left)
      : carrier_(std::move(carrier)), left_(left) {}
  client::Answer<Bytes> exchange(const std::string& endpoint, View body) override {
    if (left_) return client::problem(client::ProblemKind::failed, "the setup was left");
    return carrier_->exchange(endpoint, body);
  }

 private:
  std::unique_ptr<client::DeviceCarrier> carrier_;
  const std::atomic<bool>& left_;
};

QString words_of(client::SetupStep step) {
  switch (step) {
    case client::SetupStep::ready:
      return DeviceSetup::tr("Device is ready");
    case client::SetupStep::let_in:
      return DeviceSetup::tr("Code is right");
    case client::SetupStep::identity:
      return DeviceSetup::tr("New identity made");
    case client::SetupStep::received:
      return DeviceSetup::tr("Identity received");
    case client::SetupStep::registered:
      return DeviceSetup::tr("Registered to your account");
    case client::SetupStep::sent:
      return DeviceSetup::tr("Connection details sent");
    case client::SetupStep::online:
      return DeviceSetup::tr("Online");
  }
  return {};
}

QString words_of(local::Progress progress) {
  switch (progress) {
    case local::Progress::joining:
      return DeviceSetup::tr("It joins the Wi-Fi …");
    case local::Progress::connecting:
      return DeviceSetup::tr("It calls the server …");
    default:
      return {};
  }
}

}  // namespace

struct DeviceSetup::Run {
  crypto::SystemRandom random;
  std::atomic<bool> left = false;
  std::unique_ptr<client::PhoneSetup> setup;  // used by one thread at a time: not while busy
};

DeviceSetup::DeviceSetup(ServerLink& server, QObject* parent) : QObject(parent), server_(server) {
  retry_.setInterval(retry_ms);
  connect(&retry_, &QTimer::timeout, this, [this] {
    if (state_ == InTrouble && !busy_) go_on();
  });
}

DeviceSetup::~DeviceSetup() {
  leave();
  pool_.waitForDone();
}

void DeviceSetup::begin(const QString& name, client::SetupOrder order, Connect connect,
                        const client::BundleEntry* kept) {
  leave();
  name_ = name;
  auto run = std::make_shared<Run>();
  // Results of a setup that was left are nobody's any more.
  const auto later = [this, watched = std::weak_ptr(run)](auto what) {
    QMetaObject::invokeMethod(
        this,
        [this, watched, what] {
          if (auto still = watched.lock(); still && still == run_) what();
        },
        Qt::QueuedConnection);
  };
  client::SetupWorld world{
      [connect, state = run.get()]() -> client::Answer<std::unique_ptr<client::DeviceCarrier>> {
        TRY(auto carrier, connect());
        return std::make_unique<Leavable>(std::move(carrier), state->left);
      },
      run->random,
      [this, later](client::SetupStep step) {
        later([this, step] { on_step(static_cast<std::size_t>(step) + 1); });
      },
      [this, later](local::Progress progress) {
        later([this, progress] { on_progress(progress); });
      },
      [](Duration time) { std::this_thread::sleep_for(time); }};
  run->setup = kept
                   ? std::make_unique<client::PhoneSetup>(std::move(order), std::move(world), *kept)
                   : std::make_unique<client::PhoneSetup>(std::move(order), std::move(world));
  run_ = std::move(run);
  go_on();
}

void DeviceSetup::leave() {
  retry_.stop();
  if (run_ && busy_) run_->left = true;
  // Where nothing is under way the device is let go, which takes a moment.
  if (run_) pool_.start([run = std::move(run_)] { run->setup.reset(); });
  run_.reset();
  state_ = Idle;
  busy_ = false;
  steps_done_ = 0;
  hint_.clear();
  device_.clear();
  networks_.clear();
  typed_password_.clear();
  emit changed();
}

void DeviceSetup::go_on() {
  if (!run_ || busy_) return;
  busy_ = true;
  const bool quietly = state_ == InTrouble && retry_.isActive();
  if (!quietly) state_ = Working;
  emit changed();
  pool_.start([this, run = run_, api = api()] {
    auto pause = std::make_shared<client::SetupPause>(run->setup->go_on(api.get()));
    QMetaObject::invokeMethod(
        this,
        [this, run, pause] {
          if (run == run_) end(std::move(*pause));
        },
        Qt::QueuedConnection);
  });
}

void DeviceSetup::end(client::SetupPause pause) {
  busy_ = false;
  hint_.clear();
  retry_.stop();
  emit paused(run_->setup->kept());
  if (auto* wanted = std::get_if<client::NetworkWanted>(&pause)) {
    ask_for_network(wanted->heard);
  } else if (auto* done = std::get_if<client::SetupDone>(&pause)) {
    device_ = shown(done->device);
    state_ = Done;
    if (!typed_password_.isEmpty()) emit joined(wifi(), typed_password_);
    typed_password_.clear();
  } else {
    trouble_ = std::get<client::Trouble>(std::move(pause));
    state_ = InTrouble;
    if (client::waits(trouble_.remedy)) retry_.start();
  }
  emit changed();
}

void DeviceSetup::ask_for_network(const std::vector<local::NearbyNetwork>& heard) {
  heard_ = heard;
  networks_.clear();
  for (const auto& each : heard)
    networks_.push_back(
        QVariantMap{{QStringLiteral("name"), shown(link::name_of_network(each.ssid))},
                    {QStringLiteral("bars"), bars_of(each.signal_dbm)},
                    {QStringLiteral("security"), shown(client::to_string(each.auth))},
                    {QStringLiteral("open"), each.auth == local::WifiAuth::open},
                    {QStringLiteral("whyNot"), shown(each.why_not)}});
  state_ = NetworkWanted;
}

void DeviceSetup::on_step(std::size_t done) {
  steps_done_ = done;
  emit changed();
}

void DeviceSetup::on_progress(local::Progress progress) {
  hint_ = words_of(progress);
  emit changed();
}

void DeviceSetup::giveCode(const QString& code) {
  if (!run_ || busy_) return;
  run_->setup->set_code(code.trimmed().toStdString());
  go_on();
}

void DeviceSetup::join(const QString& network, const QString& password) {
  if (!run_ || busy_) return;
  // A name that can't be shown as text stands for other bytes than itself.
  auto same = std::ranges::find_if(heard_, [&](const local::NearbyNetwork& each) {
    return shown(link::name_of_network(each.ssid)) == network;
  });
  local::WifiCredentials out;
  out.ssid = same == heard_.end() ? to_bytes(network.toStdString()) : same->ssid;
  const QByteArray secret = password.toUtf8();
  out.passphrase = SecretBytes::copy_of(as_view(secret.toStdString()));
  typed_password_ = password;
  run_->setup->set_wifi(std::move(out));
  go_on();
}

void DeviceSetup::givePassword(const QString& password) { join(wifi(), password); }

void DeviceSetup::chooseOtherNetwork() {
  if (!run_ || busy_) return;
  run_->setup->choose_other_wifi();
  go_on();
}

void DeviceSetup::again() { go_on(); }

QVariantList DeviceSetup::steps() const {
  QVariantList out;
  for (std::size_t i = 0; i < client::setup_steps; ++i) {
    const char* state = i < steps_done_ ? "done" : i == steps_done_ && busy_ ? "now" : "";
    out.push_back(QVariantMap{{QStringLiteral("text"), words_of(static_cast<client::SetupStep>(i))},
                              {QStringLiteral("state"), QString::fromLatin1(state)}});
  }
  return out;
}

QVariantMap DeviceSetup::trouble() const {
  if (state_ != InTrouble) return {};
  return {{QStringLiteral("title"), shown(trouble_.title)},
          {QStringLiteral("advice"), shown(trouble_.advice)},
          {QStringLiteral("detail"), shown(trouble_.detail)},
          {QStringLiteral("remedy"), shown(client::to_string(trouble_.remedy))},
          {QStringLiteral("waits"), client::waits(trouble_.remedy)}};
}

QString DeviceSetup::state_name() const {
  return QString::fromLatin1(QMetaEnum::fromType<State>().valueToKey(state_));
}

QString DeviceSetup::wifi() const {
  if (!run_ || busy_ || !run_->setup->order().wifi) return {};
  return shown(link::name_of_network(run_->setup->order().wifi->ssid));
}

}  // namespace fairlead::app
