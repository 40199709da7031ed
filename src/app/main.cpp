// SPDX-License-Identifier: Apache-2.0
// fairlead-app: the engineer's window on a plant, and the installer's phone.
#include <QCommandLineParser>
#include <QFile>
#include <QGuiApplication>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QScreen>
#include <QStandardPaths>
#include <QUrl>
#include <csignal>
#include <cstdio>

#include "app/desk/adoption_queue.h"
#include "app/desk/device_talk.h"
#include "app/desk/papers.h"
#include "app/desk/plant.h"
#include "app/desk/row_desk.h"
#include "app/phone/phone.h"
#include "base/version.h"
#include "client/scan/address_range.h"
#ifdef FAIRLEAD_BLUEZ
#include "link/bluez/central.h"
#endif

namespace {

using namespace fairlead;

constexpr qint64 token_bytes_max = 1024;

struct Wishes {
  QString server, token, ca, project;
  QString interfaces, addresses;
  QString state, adapter, picture;
  bool scan = false, dark = false, phone = false;
};

// A screen no desk's window fits on.
bool is_phone(const QGuiApplication& program) {
  constexpr int phone_width_max = 600;
  const QScreen* screen = program.primaryScreen();
  return screen && std::min(screen->size().width(), screen->size().height()) < phone_width_max;
}

Wishes read_command_line(const QGuiApplication& program) {
  QCommandLineParser parser;
  parser.setApplicationDescription(
      "See which devices wait on a plant's network, compare them with the plan, bring them in.");
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument("project", "The project to open (*.plan).", "[project]");
  const QCommandLineOption server("server", "Address of the server.", "url");
  const QCommandLineOption token("token-file", "File with an API token, instead of signing in.",
                                 "file");
  const QCommandLineOption ca("ca", "Certificate of the server's authority, PEM.", "file");
  const QCommandLineOption interfaces("interface", "Interfaces to look on; default: all.", "list");
  const QCommandLineOption addresses("address", "Addresses to look at, HOST:PORT.", "list");
  const QCommandLineOption scan("scan", "Begin to scan at once.");
  const QCommandLineOption dark("dark", "Dark colours.");
  const QCommandLineOption phone("phone", "The face for phones; by itself on small screens.");
  const QCommandLineOption desk("desk", "The face for desks, on a small screen too.");
  const QCommandLineOption state("state", "Where the phone's face keeps what it needs.", "folder",
                                 QStandardPaths::writableLocation(QStandardPaths::AppDataLocation));
  const QCommandLineOption adapter("bluetooth-adapter", "Which one; default: the first.", "name");
  const QCommandLineOption picture("camera-picture", "A picture in place of the camera's.", "file");
  parser.addOptions(
      {server, token, ca, interfaces, addresses, scan, dark, phone, desk, state, adapter, picture});
  parser.process(program);
  Wishes out;
  out.server = parser.value(server);
  out.ca = parser.value(ca);
  out.interfaces = parser.value(interfaces);
  out.addresses = parser.value(addresses);
  out.scan = parser.isSet(scan);
  out.dark = parser.isSet(dark);
  out.phone = parser.isSet(phone) || (!parser.isSet(desk) && is_phone(program));
  out.state = parser.value(state);
  out.adapter = parser.value(adapter);
  out.picture = parser.value(picture);
  if (!parser.positionalArguments().empty()) out.project = parser.positionalArguments().first();
  if (parser.isSet(token)) {
    QFile file(parser.value(token));
    if (!file.open(QIODevice::ReadOnly)) {
      std::fprintf(stderr, "fairlead-app: %s: %s\n", qPrintable(parser.value(token)),
                   qPrintable(file.errorString()));
      std::exit(2);
    }
    out.token = QString::fromUtf8(file.read(token_bytes_max)).trimmed();
  }
  return out;
}

void carry_out(const Wishes& wishes, app::ServerLink& server, app::Plant& plant) {
  if (!wishes.token.isEmpty()) server.signInWithToken(wishes.server, wishes.token, wishes.ca);
  if (!wishes.project.isEmpty()) plant.openProject(QUrl::fromLocalFile(wishes.project));
  if (wishes.scan) plant.scan(wishes.interfaces, wishes.addresses, {});
}

std::vector<std::string> list_of(const QString& text) {
  std::vector<std::string> out;
  for (const QString& each : text.split(QLatin1Char(','), Qt::SkipEmptyParts))
    out.push_back(each.trimmed().toStdString());
  return out;
}

tool::Bluetooth bluetooth() {
#ifdef FAIRLEAD_BLUEZ
  return tool::bluetooth_by(link::open_bluez_central);
#else
  return {};
#endif
}

int run_window(const QString& file, const QVariantMap& properties) {
  QQmlApplicationEngine engine;
  QObject::connect(
      &engine, &QQmlApplicationEngine::objectCreated, qApp,
      [](const QObject* window) {
        if (!window) std::exit(1);  // the reason is on standard error
      },
      Qt::QueuedConnection);
  engine.addImportPath("qrc:/");
  engine.setInitialProperties(properties);
  engine.load(QUrl(file));
  return QGuiApplication::exec();
}

int run_phone(const Wishes& wishes) {
  app::PhoneOptions options{
      wishes.state.toStdString(), wishes.adapter.toStdString(), wishes.picture.toStdString(), {}};
  options.scan.interfaces = list_of(wishes.interfaces);
  auto addresses = client::places_to_ask({}, list_of(wishes.addresses));
  if (!addresses) {
    std::fprintf(stderr, "fairlead-app: %s\n", addresses.error().message.c_str());
    return 2;
  }
  options.scan.addresses = std::move(*addresses);
  QQuickStyle::setStyle("Basic");
  app::ServerLink server;
  int code = 0;
  {
    app::Phone phone(server, bluetooth(), std::move(options));
    code = run_window("qrc:/Fairlead/qml/phone/PhoneWindow.qml",
                      {{"phone", QVariant::fromValue(&phone)}, {"startsDark", wishes.dark}});
    server.close();
  }
  return code;
}

int run_desk(const Wishes& wishes) {
  QQuickStyle::setStyle("Basic");
  app::ServerLink server;
  app::AdoptionQueue queue(server);
  app::Plant plant(server);
  app::DeviceTalk talk(plant);
  app::RowDesk desk(plant, server);
  app::Papers papers(plant, server);
  carry_out(wishes, server, plant);
  const int code =
      run_window("qrc:/Fairlead/qml/Main.qml", {{"plant", QVariant::fromValue(&plant)},
                                                {"server", QVariant::fromValue(&server)},
                                                {"queue", QVariant::fromValue(&queue)},
                                                {"talk", QVariant::fromValue(&talk)},
                                                {"desk", QVariant::fromValue(&desk)},
                                                {"papers", QVariant::fromValue(&papers)},
                                                {"startsDark", wishes.dark}});
  server.close();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  QGuiApplication program(argc, argv);
  QGuiApplication::setApplicationName("fairlead-app");
  QGuiApplication::setApplicationVersion(
      QString::fromLatin1(version_text.data(), static_cast<qsizetype>(version_text.size())));
  const Wishes wishes = read_command_line(program);
  return wishes.phone ? run_phone(wishes) : run_desk(wishes);
}
