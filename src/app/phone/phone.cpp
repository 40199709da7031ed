// SPDX-License-Identifier: Apache-2.0
#include "app/phone/phone.h"

#include <QDateTime>
#include <QLocale>

#include "app/desk/text.h"
#include "client/label/label.h"
#include "tool/connect.h"

namespace fairlead::app {

namespace {

constexpr int patience_ms = 5000;
constexpr int looking_ms = 1500;

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

QString local_time(Time time) {
  const auto when = QDateTime::fromSecsSinceEpoch(to_unix_seconds(time));
  return QLocale().toString(when, QLocale::ShortFormat);
}

// A device's state at the server, for people.
QString words_of_state(const std::string& state) {
  if (state == "online") return Phone::tr("Online");
  if (state == "offline") return Phone::tr("Offline");
  if (state == "revoked" || state == "decommissioned") return Phone::tr("Taken out of use");
  if (state == "waiting") return Phone::tr("Waiting for approval");
  return Phone::tr("Registered, not online yet");
}

QVariantMap record_of(const client::json::value& device) {
  const auto text = [&](std::string_view name) { return shown(client::text_at(device, name)); };
  const std::string state = client::text_at(device, "state");
  QString seen;
  if (auto last = from_rfc3339(client::text_at(device, "last_seen"))) seen = local_time(*last);
  return {{QStringLiteral("state"), words_of_state(state)},
          {QStringLiteral("good"), state == "online"},
          {QStringLiteral("name"), text("name")},
          {QStringLiteral("serial"), text("serial")},
          {QStringLiteral("model"), text("model")},
          {QStringLiteral("account"), text("account")},
          {QStringLiteral("seen"), seen}};
}

}  // namespace

Phone::Phone(ServerLink& server, tool::Bluetooth bluetooth, PhoneOptions options, QObject* parent)
    : QObject(parent),
      server_(server),
      bluetooth_(bluetooth),
      options_(std::move(options)),
      keeping_(options_.folder),
      nearby_(std::move(bluetooth), options_.bluetooth_adapter),
      setup_(server),
      camera_(QString::fromStdString(options_.camera_picture)) {
  notice_ = shown(keeping_.problem());
  connect(&server_, &ServerLink::changed, this, &Phone::on_server);
  connect(&setup_, &DeviceSetup::paused, this, &Phone::on_pause);
  connect(&setup_, &DeviceSetup::joined, this,
          [this](const QString& network, const QString& password) {
            setPlace(site(), network, password);
          });
  connect(&setup_, &DeviceSetup::changed, this, [this] {
    if (setup_.state() == DeviceSetup::Done && page_ == SetupPage) showDevice(setup_.device());
  });
  connect(&camera_, &LabelCamera::read, this, &Phone::on_label);
  patience_.setInterval(patience_ms);
  connect(&patience_, &QTimer::timeout, this, [this] {
    sign_in_again();
    take_up_claims();
  });
  patience_.start();
  looking_.setInterval(looking_ms);
  connect(&looking_, &QTimer::timeout, this, &Phone::ask_cloud);
  sign_in_again();
  // Who was signed in may work where the server can't be reached.
  if (!keeping_.remembered().token.empty()) go_to(NearbyPage);
}

// Signing in.

void Phone::signIn(const QString& url, const QString& user, const QString& password,
                   const QString& ca) {
  Remembered next = keeping_.remembered();
  next.server = url.trimmed().toStdString();
  next.ca = ca.trimmed().toStdString();
  show_kept(keeping_.remember(std::move(next)));
  server_.signIn(url.trimmed(), user.trimmed(), password, ca.trimmed());
}

void Phone::sign_in_again() {
  const Remembered& last = keeping_.remembered();
  if (server_.signed_in() || server_.busy() || last.token.empty()) return;
  server_.signInWithToken(QString::fromStdString(last.server), QString::fromStdString(last.token),
                          QString::fromStdString(last.ca));
}

void Phone::on_server() {
  if (server_.busy()) return;
  Remembered next = keeping_.remembered();
  if (server_.signed_in() && server_.problem().isEmpty()) {
    next.token = server_.token();
    next.account = server_.account().toStdString();
    if (page_ == SignInPage) go_on_signed_in();
  } else if (server_.refused()) {
    next.token.clear();
    if (page_ != SetupPage) go_to(SignInPage);
  }
  show_kept(keeping_.remember(std::move(next)));
}

void Phone::go_on_signed_in() {
  if (setup_.state() == DeviceSetup::Idle) return go_to(NearbyPage);
  go_to(SetupPage);
  setup_.again();
}

void Phone::signOut() {
  Remembered next = keeping_.remembered();
  next.token.clear();
  show_kept(keeping_.remember(std::move(next)));
  server_.signOut();
  go_to(SignInPage);
}

// Pages.

void Phone::go_to(Page page) {
  const auto looks = [](Page at) { return at == NearbyPage || at == LabelPage; };
  if (!looks(page))
    nearby_.stop();
  else if (!looks(page_))
    nearby_.look(options_.scan);
  label_problem_.clear();
  emit labelChanged();
  if (page == DevicePage)
    looking_.start();
  else
    looking_.stop();
  page_ = page;
  emit pageChanged();
}

void Phone::back() {
  if (page_ == SetupPage || setup_.state() != DeviceSetup::Idle) setup_.leave();
  go_to(keeping_.remembered().token.empty() ? SignInPage : NearbyPage);
}

void Phone::setPlace(const QString& site, const QString& wifi, const QString& password) {
  Remembered next = keeping_.remembered();
  next.site = site.trimmed().toStdString();
  next.wifi_name = wifi.toStdString();
  next.wifi_password = wifi.isEmpty() ? std::string() : password.toStdString();
  show_kept(keeping_.remember(std::move(next)));
  if (page_ == PlacePage) back();
}

void Phone::show_kept(const Result<void>& written) {
  notice_ = written ? QString() : shown(written.error().context);
  QStringList names;
  for (const auto& each : keeping_.claims()) names.push_back(shown(each.row));
  nearby_.set_unfinished(names);
  emit kept();
}

QVariantList Phone::unfinished() const {
  QVariantList out;
  for (const auto& each : keeping_.claims()) {
    const QString words = !each.grant.empty() ? tr("Registered. Go to the device to finish.")
                          : !each.why.empty() ? shown(each.why)
                                              : tr("Waits for the server.");
    out.push_back(
        QVariantMap{{QStringLiteral("name"), shown(each.row)}, {QStringLiteral("words"), words}});
  }
  return out;
}

QVariantList Phone::history() const {
  QVariantList out;
  const auto& lines = keeping_.history();
  for (auto each = lines.rbegin(); each != lines.rend(); ++each) {
    const bool good = each->step == client::Step::done;
    out.push_back(QVariantMap{{QStringLiteral("name"), shown(each->row)},
                              {QStringLiteral("words"), good ? tr("Set up") : shown(each->reason)},
                              {QStringLiteral("when"), local_time(each->at)},
                              {QStringLiteral("device"), shown(each->device)},
                              {QStringLiteral("good"), good}});
  }
  return out;
}

// One device.

void Phone::pick(int row) {
  const NearbyDevice* device = nearby_.at(row);
  if (!device) return;
  picked_ = *device;
  label_ = {};
  go_to(CodePage);
}

void Phone::on_label(const QString& text) {
  if (page_ != LabelPage) return;
  auto label = client::parse_label(text.toStdString());
  const auto* setup = label ? std::get_if<local::SetupLabel>(&*label) : nullptr;
  if (!setup || setup->code.empty()) {
    label_problem_ = label ? tr("This label holds no code. Touch the device, and type its code.")
                           : shown(label.error().context);
    return emit labelChanged();
  }
  label_ = *setup;
  const NearbyDevice* seen = nearby_.named(label_.name);
  // One that is not seen yet is waited for by Bluetooth.
  picked_ = seen ? *seen : NearbyDevice{shown(label_.name), {}, 0, label_.name, {}};
  go_to(CodePage);
}

DeviceSetup::Connect Phone::way_to(const NearbyDevice& device) const {
  if (!device.bluetooth.empty())
    return [connect = bluetooth_.connect, adapter = options_.bluetooth_adapter,
            address = device.bluetooth] { return connect(adapter, address); };
  return [url = device.urls.front()]() -> client::Answer<std::unique_ptr<client::DeviceCarrier>> {
    TRY(auto transport, tool::connect_device(url));
    return std::make_unique<client::HttpCarrier>(std::move(transport));
  };
}

void Phone::start(const QString& code) {
  const Remembered& place = keeping_.remembered();
  client::SetupOrder order;
  order.access.code = code.trimmed().toStdString();
  if (!label_.username.empty()) order.access.username = label_.username;
  order.account = place.account;
  order.site = place.site;
  order.picked = picked_.name.toStdString();
  if (!place.wifi_name.empty())
    order.wifi = local::WifiCredentials{to_bytes(place.wifi_name),
                                        SecretBytes::copy_of(as_view(place.wifi_password))};
  go_to(SetupPage);
  setup_.begin(picked_.name, std::move(order), way_to(picked_),
               keeping_.claim_of(picked_.name.toStdString()));
}

void Phone::on_pause(const std::optional<client::BundleEntry>& claim) {
  if (!claim) return show_kept(keeping_.drop(picked_.name.toStdString()));
  if (!claim->delivered) return show_kept(keeping_.keep(*claim));
  note(client::Step::done, *claim, {});
  show_kept(keeping_.drop(claim->row));
}

void Phone::note(client::Step step, const client::BundleEntry& claim, const QString& reason) {
  client::JournalLine line;
  line.at = now();
  line.row = claim.row;
  line.step = step;
  line.device = claim.device;
  line.serial = claim.serial;
  line.reason = reason.toStdString();
  line.by = server_.user().toStdString();
  show_kept(keeping_.add(std::move(line)));
}

// Registrations that were kept are finished once the server can be reached; their devices get what
// they wait for when somebody is beside them again.
void Phone::take_up_claims() {
  if (setup_.state() != DeviceSetup::Idle || !server_.signed_in()) return;
  for (const auto& each : keeping_.claims()) {
    if (!each.grant.empty()) continue;
    server_.ask([this, claim = each](client::Api& api) mutable {
      if (!client::exchange(claim, api)) return;
      QMetaObject::invokeMethod(this, [this, claim] { took_up(claim); }, Qt::QueuedConnection);
    });
  }
}

void Phone::took_up(const client::BundleEntry& claim) {
  const auto* before = keeping_.claim_of(claim.row);
  if (!before || before->offer != claim.offer || *before == claim) return;
  if (!claim.why.empty()) note(client::Step::waiting, claim, shown(claim.why));
  show_kept(keeping_.keep(claim));
}

void Phone::showDevice(const QString& device) {
  shown_device_ = device;
  cloud_.clear();
  emit cloudChanged();
  go_to(DevicePage);
  ask_cloud();
}

void Phone::ask_cloud() {
  if (!server_.signed_in() || shown_device_.isEmpty()) return;
  server_.ask([this, id = shown_device_.toStdString()](client::Api& api) {
    auto record = api.get(client::api_path({"devices", id}));
    QMetaObject::invokeMethod(
        this,
        [this, id, record] {
          if (!record || shown_device_.toStdString() != id) return;
          cloud_ = record_of(record->value);
          emit cloudChanged();
        },
        Qt::QueuedConnection);
  });
}

}  // namespace fairlead::app
