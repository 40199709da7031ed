// SPDX-License-Identifier: Apache-2.0
// Avahi's callbacks, some of which come before the call that caused them returns, only note what
// happened. settle() then brings what Avahi shows in line with what is wanted.
#include "link/avahi/avahi_announcer.h"

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/domain.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <net/if.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "base/bytes.h"
#include "base/events.h"
#include "link/avahi/asio_poll.h"

namespace fairlead::link::avahi {

namespace {

constexpr auto retry_after = std::chrono::seconds(5);
constexpr std::uint32_t srv_ttl_seconds = 120, txt_ttl_seconds = 4500;  // RFC 6762 §10
constexpr std::uint16_t srv_type = 33, txt_type = 16;

struct GroupFree {
  void operator()(AvahiEntryGroup* group) const { avahi_entry_group_free(group); }
};
using Group = std::unique_ptr<AvahiEntryGroup, GroupFree>;

struct ListFree {
  void operator()(AvahiStringList* list) const { avahi_string_list_free(list); }
};
using StringList = std::unique_ptr<AvahiStringList, ListFree>;

StringList strings_of(const Announcement::Place& place) {
  AvahiStringList* list = nullptr;
  // Each goes to the front of the list.
  for (auto each = place.text.rbegin(); each != place.text.rend(); ++each)
    list = avahi_string_list_add_pair(list, each->first.c_str(), each->second.c_str());
  return StringList(list);
}

Bytes txt_data(const Announcement::Place& place) {
  Bytes out;
  for (const auto& [key, value] : place.text) {
    std::string entry = (key + "=" + value).substr(0, 255);
    out.push_back(static_cast<std::uint8_t>(entry.size()));
    out.insert(out.end(), entry.begin(), entry.end());
  }
  return out;
}

// RFC 2782: priority, weight, port, target as labels (of a host name, so without escapes).
Bytes srv_data(std::uint16_t port, std::string_view host) {
  Bytes out{0, 0, 0, 0, static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port)};
  while (!host.empty()) {
    auto label = host.substr(0, host.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    host.remove_prefix(std::min(label.size() + 1, host.size()));
  }
  out.push_back(0);
  return out;
}

// Whether only texts differ: these change in place, without a goodbye.
bool same_but_text(Announcement one, const Announcement& other) {
  if (!one.browsable || one.places.size() != other.places.size()) return false;
  for (std::size_t i = 0; i < one.places.size(); ++i) one.places[i].text = other.places[i].text;
  return one == other;
}

}  // namespace

struct AvahiAnnouncer::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::Loop& its_loop, Log& its_log)
      : loop(its_loop), log(its_log), poll(poll_on(its_loop)), retry(its_loop.context()) {}
  ~Impl() { disconnect(); }

  void want(std::optional<Announcement> what);  // from any thread
  void settle_soon();
  void settle();
  void connect();
  void disconnect();
  void retry_later();
  void failed(const std::string& why);
  void change_name();
  void show();
  void change_texts();
  int add(AvahiEntryGroup* group, const Announcement::Place& place);
  int add_service(AvahiEntryGroup* group, int interface, const Announcement::Place& place);
  int add_quiet(AvahiEntryGroup* group, int interface, const Announcement::Place& place);
  bool established() const;
  void report();

  static void on_client(AvahiClient* client, AvahiClientState state, void* self);
  static void on_group(AvahiEntryGroup* group, AvahiEntryGroupState state, void* self);

  net::Loop& loop;
  Log& log;
  AvahiPoll poll;
  boost::asio::steady_timer retry;
  AvahiClient* client = nullptr;
  std::optional<AvahiClientState> state;  // none: there is no client
  int client_error = 0;
  std::vector<Group> groups;
  std::optional<Announcement> wanted, shown;
  std::string name;  // under which it is shown
  bool settling = false, collided = false, group_failed = false, reported = false;
  std::string complaint;
};

using Impl = AvahiAnnouncer::Impl;

void Impl::want(std::optional<Announcement> what) {
  loop.post([weak = weak_from_this(), what = std::move(what)] {
    auto self = weak.lock();
    if (!self) return;
    self->wanted = what;
    self->settle_soon();
  });
}

void Impl::settle_soon() {
  if (std::exchange(settling, true)) return;
  loop.post([weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    self->settling = false;
    self->settle();
  });
}

void Impl::on_client(AvahiClient* client, AvahiClientState state, void* self) {
  auto* impl = static_cast<Impl*>(self);
  impl->state = state;
  impl->client_error = avahi_client_errno(client);
  impl->settle_soon();
}

void Impl::on_group(AvahiEntryGroup*, AvahiEntryGroupState state, void* self) {
  auto* impl = static_cast<Impl*>(self);
  impl->collided |= state == AVAHI_ENTRY_GROUP_COLLISION;
  impl->group_failed |= state == AVAHI_ENTRY_GROUP_FAILURE;
  impl->settle_soon();
}

void Impl::connect() {
  int error = 0;
  client = avahi_client_new(&poll, AVAHI_CLIENT_NO_FAIL, &Impl::on_client, this, &error);
  if (client) return;
  failed(std::string("the system bus can't be reached: ") + avahi_strerror(error));
  retry_later();
}

void Impl::disconnect() {
  groups.clear();
  shown.reset();
  if (client) avahi_client_free(client);
  client = nullptr;
  state.reset();
  name.clear();
}

void Impl::retry_later() {
  disconnect();
  retry.expires_after(retry_after);
  retry.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    if (auto self = weak.lock(); self && !error) self->settle_soon();
  });
}

void Impl::failed(const std::string& why) {
  if (why != complaint) log(event::announce_failed, {{"why", why}});
  complaint = why;
}

void Impl::settle() {
  if (!wanted) return disconnect();  // goodbye: the daemon says it for a client that leaves
  if (!client) return connect();
  switch (*state) {
    case AVAHI_CLIENT_FAILURE:
      failed(std::string("avahi-daemon is gone: ") + avahi_strerror(client_error));
      return retry_later();
    case AVAHI_CLIENT_CONNECTING:
      groups.clear();
      shown.reset();
      return failed("avahi-daemon isn't running");
    case AVAHI_CLIENT_S_COLLISION:
    case AVAHI_CLIENT_S_REGISTERING:  // the host's name is about to change, and SRV with it
      groups.clear();
      shown.reset();
      return;
    case AVAHI_CLIENT_S_RUNNING:
      break;
  }
  if (std::exchange(group_failed, false)) {
    failed(std::string("avahi-daemon refused: ") + avahi_strerror(avahi_client_errno(client)));
    return retry_later();
  }
  if (std::exchange(collided, false)) change_name();
  if (shown && *shown == *wanted) {
    if (!reported && established()) report();
  } else if (shown && same_but_text(*shown, *wanted)) {
    change_texts();
  } else {
    show();
  }
}

void Impl::change_name() {
  std::string before = name;
  if (char* other = avahi_alternative_service_name(name.c_str())) {
    name = other;
    avahi_free(other);
  }
  log(event::announce_renamed, {{"instance", before}, {"now", name}});
  shown.reset();
}

void Impl::show() {
  if (!name.starts_with(wanted->instance)) name = wanted->instance;  // else it is "NAME #2"
  groups.clear();
  reported = false;
  for (const auto& place : wanted->places) {
    if (if_nametoindex(place.interface.c_str()) == 0) continue;
    Group group(avahi_entry_group_new(client, &Impl::on_group, this));
    int problem = group ? add(group.get(), place) : avahi_client_errno(client);
    if (problem == 0) problem = avahi_entry_group_commit(group.get());
    if (problem == AVAHI_ERR_COLLISION) {
      collided = true;
      return settle_soon();
    }
    if (problem != 0) {
      failed(std::string("avahi-daemon refused: ") + avahi_strerror(problem));
      return retry_later();
    }
    groups.push_back(std::move(group));
  }
  shown = wanted;
}

int Impl::add(AvahiEntryGroup* group, const Announcement::Place& place) {
  int interface = static_cast<int>(if_nametoindex(place.interface.c_str()));
  return wanted->browsable ? add_service(group, interface, place)
                           : add_quiet(group, interface, place);
}

int Impl::add_service(AvahiEntryGroup* group, int interface, const Announcement::Place& place) {
  auto text = strings_of(place);
  int problem = avahi_entry_group_add_service_strlst(
      group, interface, AVAHI_PROTO_UNSPEC, AvahiPublishFlags(0), name.c_str(),
      wanted->type.c_str(), nullptr, nullptr, place.port, text.get());
  for (const std::string& each : wanted->subtypes) {
    if (problem != 0) break;
    std::string subtype = each + "._sub." + wanted->type;
    problem = avahi_entry_group_add_service_subtype(group, interface, AVAHI_PROTO_UNSPEC,
                                                    AvahiPublishFlags(0), name.c_str(),
                                                    wanted->type.c_str(), nullptr, subtype.c_str());
  }
  return problem;
}

// The same records without the PTR by which browsing finds them.
int Impl::add_quiet(AvahiEntryGroup* group, int interface, const Announcement::Place& place) {
  char full[AVAHI_DOMAIN_NAME_MAX];
  const char* domain = avahi_client_get_domain_name(client);
  const char* host = avahi_client_get_host_name_fqdn(client);
  if (!domain || !host) return avahi_client_errno(client);
  int problem =
      avahi_service_name_join(full, sizeof full, name.c_str(), wanted->type.c_str(), domain);
  if (problem != 0) return problem;
  auto record = [&](std::uint16_t type, std::uint32_t ttl, const Bytes& data) {
    return avahi_entry_group_add_record(group, interface, AVAHI_PROTO_UNSPEC, AVAHI_PUBLISH_UNIQUE,
                                        full, AVAHI_DNS_CLASS_IN, type, ttl, data.data(),
                                        data.size());
  };
  problem = record(srv_type, srv_ttl_seconds, srv_data(place.port, host));
  return problem != 0 ? problem : record(txt_type, txt_ttl_seconds, txt_data(place));
}

void Impl::change_texts() {
  std::size_t at = 0;
  for (const auto& place : wanted->places) {
    if (if_nametoindex(place.interface.c_str()) == 0 || at == groups.size()) continue;
    auto text = strings_of(place);
    int problem = avahi_entry_group_update_service_txt_strlst(
        groups[at++].get(), static_cast<int>(if_nametoindex(place.interface.c_str())),
        AVAHI_PROTO_UNSPEC, AvahiPublishFlags(0), name.c_str(), wanted->type.c_str(), nullptr,
        text.get());
    if (problem != 0) return show();  // from the beginning; an interface has come or gone
  }
  shown = wanted;
}

bool Impl::established() const {
  return !groups.empty() && std::ranges::all_of(groups, [](const Group& each) {
    return avahi_entry_group_get_state(each.get()) == AVAHI_ENTRY_GROUP_ESTABLISHED;
  });
}

void Impl::report() {
  reported = true;
  complaint.clear();
  std::string where;
  for (const auto& place : wanted->places)
    where += (where.empty() ? "" : ", ") + place.interface + " port " + std::to_string(place.port);
  log(event::announced, {{"instance", name},
                         {"type", wanted->type},
                         {"where", where},
                         {"found_by", wanted->browsable ? "everybody" : "who knows its name"}});
}

AvahiAnnouncer::AvahiAnnouncer(Log& log)
    : loop_(log, 1, 1), impl_(std::make_shared<Impl>(loop_, log)) {
  thread_ = std::thread([this] { loop_.run(); });
}

AvahiAnnouncer::~AvahiAnnouncer() {
  loop_.stop();
  thread_.join();
}

void AvahiAnnouncer::announce(const Announcement& announcement) {
  if (announcement_ == announcement) return;
  announcement_ = announcement;
  impl_->want(announcement);
}

void AvahiAnnouncer::withdraw() {
  if (std::exchange(announcement_, std::nullopt)) impl_->want(std::nullopt);
}

}  // namespace fairlead::link::avahi
