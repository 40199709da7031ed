// SPDX-License-Identifier: Apache-2.0
#include "app/desk/server_link.h"

#include "app/desk/text.h"
#include "tool/connect.h"

namespace fairlead::app {

namespace {

using client::Answer;
using client::ProblemKind;

Answer<std::unique_ptr<client::Transport>> open_transport(const QString& url, const QString& ca) {
  return tool::connect_server({url.toStdString(), ca.toStdString(), false});
}

}  // namespace

struct ServerLink::Session {
  std::unique_ptr<client::Transport> transport;
  std::string token;
  client::Api api;

  Session(std::unique_ptr<client::Transport> over, std::string its_token)
      : transport(std::move(over)), token(std::move(its_token)), api(*transport, token) {}
};

ServerLink::ServerLink(QObject* parent) : QObject(parent), thread_([this] { work(); }) {}

void ServerLink::close() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    waiting_.clear();
  }
  more_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ServerLink::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  more_.notify_one();
}

void ServerLink::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (stop_) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

void ServerLink::ask(Job job) {
  post([this, job = std::move(job)] {
    if (auto api = this->api()) job(*api);
  });
}

std::shared_ptr<client::Api> ServerLink::api() const {
  std::lock_guard lock(mutex_);
  return session_ ? std::shared_ptr<client::Api>(session_, &session_->api) : nullptr;
}

std::string ServerLink::token() const {
  std::lock_guard lock(mutex_);
  return session_ ? session_->token : std::string();
}

void ServerLink::begin(const QString& url, std::function<Opened()> open) {
  if (busy_) return;
  url_ = url;
  problem_.clear();
  busy_ = true;
  emit changed();
  post([this, open = std::move(open)] {
    auto opened = open();
    Welcome said{std::unexpected(client::Problem{}), {}};
    if (opened) said = welcome((*opened)->api);
    QMetaObject::invokeMethod(
        this, [this, opened, said] { end(opened, said); }, Qt::QueuedConnection);
  });
}

// Who may not list accounts has one.
ServerLink::Welcome ServerLink::welcome(client::Api& api) {
  Welcome out{api.get(client::api_path({"me"})), {}};
  auto accounts = api.get(client::api_path({"accounts"}));
  if (!accounts) return out;
  for (const auto& each : client::items_of(accounts->value))
    out.accounts.push_back(shown(client::text_at(each, "id")));
  return out;
}

void ServerLink::end(const Opened& opened, const Welcome& welcome) {
  busy_ = false;
  refused_ = false;
  if (!opened || !welcome.me) {
    const client::Problem& why = opened ? welcome.me.error() : opened.error();
    problem_ = shown(why);
    refused_ = why.kind == ProblemKind::not_authenticated || why.kind == ProblemKind::forbidden;
  } else {
    user_ = shown(client::text_at(welcome.me->value, "id"));
    const QString own = shown(client::text_at(welcome.me->value, "account"));
    accounts_ = own.isEmpty() ? welcome.accounts : QStringList{own};
    if (!accounts_.contains(account_)) account_ = accounts_.value(0);
    std::lock_guard lock(mutex_);
    session_ = *opened;
  }
  emit changed();
}

void ServerLink::set_account(const QString& account) {
  if (account == account_ || !accounts_.contains(account)) return;
  account_ = account;
  emit changed();
}

void ServerLink::signIn(const QString& url, const QString& user, const QString& password,
                        const QString& ca) {
  begin(url, [url, user, password, ca]() -> Opened {
    TRY(auto transport, open_transport(url, ca));
    client::Api stranger(*transport, {});
    client::json::object who{{"user", user.toStdString()}, {"password", password.toStdString()}};
    TRY(auto answer, stranger.post(client::api_path({"login"}), who));
    std::string token = client::text_at(answer.value, "token");
    if (token.empty())
      return client::problem(ProblemKind::server_fault, "the server's answer holds no token");
    return std::make_shared<Session>(std::move(transport), std::move(token));
  });
}

void ServerLink::signInWithToken(const QString& url, const QString& token, const QString& ca) {
  begin(url, [url, token, ca]() -> Opened {
    TRY(auto transport, open_transport(url, ca));
    return std::make_shared<Session>(std::move(transport), token.toStdString());
  });
}

void ServerLink::signOut() {
  {
    std::lock_guard lock(mutex_);
    session_.reset();
  }
  user_.clear();
  account_.clear();
  accounts_.clear();
  emit changed();
}

}  // namespace fairlead::app
