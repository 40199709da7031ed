// SPDX-License-Identifier: Apache-2.0
// The server that decides: who is signed in, and questions to it that don't hold up the window.
#pragma once

#include <QObject>
#include <QStringList>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "client/operator/api.h"

namespace fairlead::app {

class ServerLink final : public QObject {
  Q_OBJECT
  Q_PROPERTY(QString url READ url NOTIFY changed)
  Q_PROPERTY(QString user READ user NOTIFY changed)
  // Whose the devices are to be, unless their rows say: the user's own, or one that may be chosen.
  Q_PROPERTY(QString account READ account WRITE set_account NOTIFY changed)
  Q_PROPERTY(QStringList accounts READ accounts NOTIFY changed)
  Q_PROPERTY(bool signedIn READ signed_in NOTIFY changed)
  Q_PROPERTY(bool busy READ busy NOTIFY changed)
  Q_PROPERTY(QString problem READ problem NOTIFY changed)  // why signing in failed; in words

 public:
  using Job = std::function<void(client::Api&)>;

  explicit ServerLink(QObject* parent = nullptr);
  ~ServerLink() override { close(); }

  // No question is asked any more; waits for the one that is under way. To be called before who
  // asked goes away.
  void close();

  // `ca`: PEM file of the authority of its certificate; empty: those of this machine.
  Q_INVOKABLE void signIn(const QString& url, const QString& user, const QString& password,
                          const QString& ca);
  Q_INVOKABLE void signInWithToken(const QString& url, const QString& token, const QString& ca);
  Q_INVOKABLE void signOut();

  // On the link's own thread, one after the other; dropped if nobody is signed in.
  void ask(Job job);
  // For other threads, which may use it for as long as they hold it. None: nobody is signed in.
  std::shared_ptr<client::Api> api() const;

  std::string token() const;  // a secret; empty: nobody is signed in
  // Whether the server refused the last sign-in, other than not being reached.
  bool refused() const { return refused_; }

  const QString& url() const { return url_; }
  const QString& user() const { return user_; }
  const QString& account() const { return account_; }
  void set_account(const QString& account);
  const QStringList& accounts() const { return accounts_; }
  bool signed_in() const { return api() != nullptr; }
  bool busy() const { return busy_; }
  const QString& problem() const { return problem_; }

 signals:
  void changed();

 private:
  struct Session;  // a transport and the Api over it
  using Opened = client::Answer<std::shared_ptr<Session>>;

  void begin(const QString& url, std::function<Opened()> open);
  struct Welcome {
    client::Answer<client::Document> me;
    QStringList accounts;
  };
  static Welcome welcome(client::Api& api);
  void end(const Opened& opened, const Welcome& welcome);
  void post(std::function<void()> work);
  void work();

  QString url_, user_, account_, problem_;
  QStringList accounts_;
  bool busy_ = false, refused_ = false;
  mutable std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> waiting_;
  std::shared_ptr<Session> session_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace fairlead::app
