// SPDX-License-Identifier: Apache-2.0
// fairlead-app: the engineer's window on a plant.
#include <QCommandLineParser>
#include <QFile>
#include <QGuiApplication>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QUrl>
#include <csignal>
#include <cstdio>

#include "app/desk/adoption_queue.h"
#include "app/desk/plant.h"
#include "base/version.h"

namespace {

using namespace fairlead;

constexpr qint64 token_bytes_max = 1024;

struct Wishes {
  QString server, token, ca, project;
  QString interfaces, addresses;
  bool scan = false, dark = false;
};

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
  parser.addOptions({server, token, ca, interfaces, addresses, scan, dark});
  parser.process(program);
  Wishes out;
  out.server = parser.value(server);
  out.ca = parser.value(ca);
  out.interfaces = parser.value(interfaces);
  out.addresses = parser.value(addresses);
  out.scan = parser.isSet(scan);
  out.dark = parser.isSet(dark);
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

}  // namespace

int main(int argc, char** argv) {
  QGuiApplication program(argc, argv);
  QGuiApplication::setApplicationName("fairlead-app");
  QGuiApplication::setApplicationVersion(
      QString::fromLatin1(version_text.data(), static_cast<qsizetype>(version_text.size())));
  const Wishes wishes = read_command_line(program);
  QQuickStyle::setStyle("Fusion");

  app::ServerLink server;
  app::AdoptionQueue queue(server);
  app::Plant plant(server);
  QQmlApplicationEngine engine;
  QObject::connect(
      &engine, &QQmlApplicationEngine::objectCreated, &program,
      [](const QObject* window) {
        if (!window) std::exit(1);  // the reason is on standard error
      },
      Qt::QueuedConnection);
  engine.addImportPath("qrc:/");
  engine.setInitialProperties({{"plant", QVariant::fromValue(&plant)},
                               {"server", QVariant::fromValue(&server)},
                               {"queue", QVariant::fromValue(&queue)},
                               {"startsDark", wishes.dark}});
  engine.load(QUrl("qrc:/Fairlead/qml/Main.qml"));
  carry_out(wishes, server, plant);
  const int code = QGuiApplication::exec();
  server.close();
  return code;
}
