// SPDX-License-Identifier: Apache-2.0
// What several servers and several people need of one registry: to follow each other's changes, to
// overwrite none, and to count and list by account.
#include "contract/registry_contract.h"

namespace fairlead::registry::test {

TEST_P(RegistryContract, AnotherServersCertificatesAreFollowedByTheirChanges) {
  EXPECT_EQ(must(registry_->last_certificate_change()), 0u);
  keep({InsertCertificate{certificate(2)}, InsertCertificate{certificate(1)}});
  const auto both = must(registry_->certificates_changed(0, 10));
  EXPECT_EQ(both.certificates, (std::vector{certificate(2), certificate(1)}));
  EXPECT_EQ(both.upto, must(registry_->last_certificate_change()));
  const auto first = must(registry_->certificates_changed(0, 1));
  EXPECT_EQ(first.certificates, std::vector{certificate(2)});
  EXPECT_EQ(must(registry_->certificates_changed(first.upto, 10)).certificates,
            std::vector{certificate(1)});

  keep({SetCertificateState{certificate(2).serial, CertificateState::active, at(1)}});
  keep({SetCertificateState{certificate(2).serial, CertificateState::revoked, at(2)}});
  const auto later = must(registry_->certificates_changed(both.upto, 10));
  ASSERT_EQ(later.certificates.size(), 1u) << "as it is now, however often it changed";
  EXPECT_EQ(later.certificates[0].state, CertificateState::revoked);
  EXPECT_GT(later.upto, both.upto);

  const auto none = must(registry_->certificates_changed(later.upto, 10));
  EXPECT_TRUE(none.certificates.empty());
  EXPECT_EQ(none.upto, later.upto);
}

TEST_P(RegistryContract, AChangeThatWasUndoneIsNoChange) {
  keep({InsertCertificate{certificate(1)}});
  const auto before = must(registry_->last_certificate_change());
  expect_error(registry_->write(
                   {SetCertificateState{certificate(1).serial, CertificateState::revoked, at(1)},
                    SetCertificateState{certificate(9).serial, CertificateState::revoked, at(1)}}),
               Errc::conflict);
  EXPECT_EQ(must(registry_->last_certificate_change()), before);
}

TEST_P(RegistryContract, AUserIsReplacedOnlyAsItWasSeen) {
  keep({PutUser{user(1)}});
  User changed = user(1);
  changed.role = Role::auditor;
  keep({ReplaceUser{changed, user(1)}});
  EXPECT_EQ(must(registry_->find_user(user(1).id)), changed);
  User late = user(1);
  late.disabled = false;
  expect_error(registry_->write({ReplaceUser{late, user(1)}}), Errc::conflict);
  expect_error(registry_->write({ReplaceUser{user(2), user(2)}}), Errc::conflict);
  EXPECT_EQ(must(registry_->find_user(user(1).id)), changed);
}

TEST_P(RegistryContract, ASettingIsReplacedOnlyAsItWasSeen) {
  keep({PutSetting{"s", {1}}});
  keep({ReplaceSetting{"s", {2}, {1}}});
  expect_error(registry_->write({ReplaceSetting{"s", {3}, {1}}}), Errc::conflict);
  expect_error(registry_->write({ReplaceSetting{"t", {3}, {}}}), Errc::conflict);
  EXPECT_EQ(must(registry_->find_setting("s")), Bytes{2});
}

TEST_P(RegistryContract, AProfileIsRemovedOnlyAtTheRevisionThatIsExpected) {
  keep({PutProfile{profile(1), {}}});
  keep({PutProfile{profile(1), {}}});
  expect_error(registry_->write({RemoveProfile{profile(1).id, 1}}), Errc::conflict);
  EXPECT_TRUE(must(registry_->find_profile(profile(1).id)));
  keep({RemoveProfile{profile(1).id, 2}});
  EXPECT_FALSE(must(registry_->find_profile(profile(1).id)));
  expect_error(registry_->write({RemoveProfile{profile(1).id, 2}}), Errc::conflict);
}

TEST_P(RegistryContract, CountsOfAnAccountAreItsOwn) {
  Device others = device(3);
  others.account = account(2).id;
  others.state = DeviceState::online;
  Voucher foreign = voucher(3);
  foreign.account = account(2).id;
  Certificate theirs = certificate(3);
  theirs.account = account(2).id;
  theirs.state = CertificateState::active;
  keep({InsertDevice{device(1)}, InsertDevice{device(2)}, InsertDevice{others},
        InsertVoucher{voucher(1)}, InsertVoucher{foreign}, InsertCertificate{certificate(1)},
        InsertCertificate{theirs}, PutRegistration{registration(1)}, PutSession{session(1)}});
  const auto first = must(registry_->counts_of(account(1).id));
  EXPECT_EQ(first.devices, 2u);
  EXPECT_EQ(first.vouchers, 1u);
  EXPECT_EQ(first.certificates_active, 0u);
  const auto second = must(registry_->counts_of(account(2).id));
  EXPECT_EQ(second.devices, 1u);
  EXPECT_EQ(second.vouchers, 1u);
  EXPECT_EQ(second.certificates_active, 1u);
  EXPECT_EQ(second.devices_online, 1u);
  EXPECT_EQ(second.registrations + second.sessions, 0u);
  EXPECT_EQ(must(registry_->counts_of(account(3).id)).devices, 0u);
}

namespace {
// Two servers for each of three vouchers, the second of another account; one registration fails.
struct Registered {
  Transaction changes;
  std::vector<OwnRegistration> all;
};
Registered registered() {
  Registered out;
  for (int number : {1, 2, 3}) {
    Voucher record = voucher(number);
    record.account = account(number == 2 ? 2 : 1).id;
    out.changes.push_back(InsertVoucher{record});
    for (int server : {1, 2}) {
      To0Job job = to0_job(number, server);
      job.failures = number == 3 && server == 1 ? 4 : 0;
      out.changes.push_back(PutTo0Job{job});
      out.all.push_back({job, record.account, record.serial});
    }
  }
  out.changes.push_back(PutTo0Job{to0_job(9, 1)});  // of a voucher that is not here
  return out;
}
}  // namespace

TEST_P(RegistryContract, OwnRegistrationsAreListedByGuidAndServerPageByPage) {
  const auto [changes, all] = registered();
  keep(changes);
  EXPECT_EQ(must(registry_->own_registrations({}, {})), all);
  std::vector<OwnRegistration> paged;
  Page page{"", 1};
  for (;;) {
    auto next = must(registry_->own_registrations({}, page));
    if (next.empty()) break;
    ASSERT_LE(paged.size(), all.size());
    page.after = to_hex(next[0].job.guid) + " " + next[0].job.rendezvous;
    paged.push_back(std::move(next[0]));
  }
  EXPECT_EQ(paged, all);
  expect_error(registry_->own_registrations({}, {"what is this", 10}), Errc::malformed);
}

TEST_P(RegistryContract, OwnRegistrationsAreFoundByAccountServerAndFailure) {
  const auto [changes, all] = registered();
  keep(changes);
  OwnRegistrationFilter second;
  second.account = account(2).id;
  EXPECT_EQ(must(registry_->own_registrations(second, {})), (std::vector{all[2], all[3]}));
  OwnRegistrationFilter server;
  server.rendezvous = all[1].job.rendezvous;
  EXPECT_EQ(must(registry_->own_registrations(server, {})), (std::vector{all[1], all[3], all[5]}));
  OwnRegistrationFilter failing;
  failing.only_failing = true;
  EXPECT_EQ(must(registry_->own_registrations(failing, {})), std::vector{all[4]});
  failing.account = account(1).id;
  EXPECT_EQ(must(registry_->own_registrations(failing, {})), std::vector{all[4]});
  failing.account = account(2).id;
  EXPECT_TRUE(must(registry_->own_registrations(failing, {})).empty());
}

}  // namespace fairlead::registry::test
