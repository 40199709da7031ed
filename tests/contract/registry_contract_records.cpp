// SPDX-License-Identifier: Apache-2.0
// Each change and each query, kind by kind. keep() reopens after every write, so each of them is
// also a test of durability.
#include "contract/registry_contract.h"

namespace fairlead::registry::test {

// Preconditions first.

TEST_P(RegistryContract, WhatIsKnownAlreadyIsNotInsertedAgain) {
  keep({InsertVoucher{voucher(1)}, InsertDevice{device(1)}, InsertCertificate{certificate(1)},
        InsertSetting{"leader", {1}}, PutToken{token(1)}});
  expect_error(registry_->write({InsertVoucher{voucher(1)}}), Errc::conflict);
  expect_error(registry_->write({InsertDevice{device(1)}}), Errc::conflict);
  expect_error(registry_->write({InsertCertificate{certificate(1)}}), Errc::conflict);
  expect_error(registry_->write({InsertSetting{"leader", {2}}}), Errc::conflict);
  ApiToken same_secret = token(2);
  same_secret.sha256 = token(1).sha256;
  expect_error(registry_->write({PutToken{same_secret}}), Errc::conflict);
  EXPECT_EQ(must(registry_->find_setting("leader")), Bytes{1});
}

TEST_P(RegistryContract, WhatIsUnknownIsNotChanged) {
  expect_error(registry_->write({ReplaceVoucher{voucher(1), VoucherState::owned}}), Errc::conflict);
  expect_error(registry_->write({UpdateDevice{device(1), 1}}), Errc::conflict);
  expect_error(registry_->write({UpdateDevice{device(1), 0}}), Errc::conflict);
  expect_error(registry_->write(
                   {SetCertificateState{certificate(1).serial, CertificateState::active, at(0)}}),
               Errc::conflict);
  expect_error(registry_->write({PutProfile{profile(1), 1}}), Errc::conflict);
  EXPECT_EQ(must(registry_->counts()).devices, 0u);
  EXPECT_EQ(must(registry_->counts()).vouchers, 0u);
}

TEST_P(RegistryContract, RemovingWhatIsNotThereIsNoError) {
  keep({RemoveKey{DeviceId("d"), {1}}, RemoveToken{"t"}, RemoveProfile{ProfileId("p")},
        RemoveTrustedKey{{}, {1}}, RemoveVoucher{{1}}, RemoveRegistration{{1}},
        RemoveTo0Job{{1}, "x"}, RemoveSession{"s"}, RemoveUploadParts{DeviceId("d")},
        RemoveUpload{DeviceId("d"), "n"}, RemoveBootstrapKey{DeviceId("d")},
        RemoveWifiNetwork{ProfileId("p")}});
}

TEST_P(RegistryContract, AOneTimePasswordIsForOneKeyAndForNoOther) {
  OneTimePassword password = one_time_password(1);
  const Bytes key = bytes_of(1, 32), other = bytes_of(2, 32);
  expect_error(registry_->write({UseOneTimePassword{password.device, password.sha256, key}}),
               Errc::conflict);
  keep({PutOneTimePassword{password}});
  expect_error(registry_->write({UseOneTimePassword{password.device, other, key}}), Errc::conflict);
  keep({UseOneTimePassword{password.device, password.sha256, key}});
  expect_error(registry_->write({UseOneTimePassword{password.device, password.sha256, other}}),
               Errc::conflict);
  keep({UseOneTimePassword{password.device, password.sha256, key}});
  password.key_fingerprint = key;
  EXPECT_EQ(must(registry_->find_one_time_password(password.device)), password);
}

TEST_P(RegistryContract, ABootstrappingKeyIsOneDevicesAndFoundByBothHashes) {
  const BootstrapKey key = bootstrap_key(1, 1), newer = bootstrap_key(1, 2);
  keep({PutBootstrapKey{key}, PutBootstrapKey{key}});
  EXPECT_EQ(must(registry_->find_bootstrap_key(key.device)), key);
  EXPECT_EQ(must(registry_->find_bootstrap_key_by_hash(key.hash)), key);
  EXPECT_EQ(must(registry_->find_bootstrap_key_by_hash(key.chirp_hash)), key);
  expect_error(registry_->write({PutBootstrapKey{bootstrap_key(2, 1)}}), Errc::conflict);
  keep({PutBootstrapKey{newer}});
  EXPECT_EQ(must(registry_->find_bootstrap_key_by_hash(key.hash)), std::nullopt);
  keep({PutBootstrapKey{bootstrap_key(2, 1)}, RemoveBootstrapKey{key.device}});
  EXPECT_EQ(must(registry_->find_bootstrap_key(key.device)), std::nullopt);
  EXPECT_EQ(must(registry_->find_bootstrap_key_by_hash(key.hash)), bootstrap_key(2, 1));
}

TEST_P(RegistryContract, AWifiNetworkGoesWithItsProfile) {
  WifiNetwork network = wifi_network(1);
  keep({PutProfile{profile(1), {}}, PutWifiNetwork{network}, PutWifiNetwork{wifi_network(2)}});
  network.sealed = bytes_of(7, 80);
  keep({PutWifiNetwork{network}});
  EXPECT_EQ(must(registry_->find_wifi_network(network.profile)), network);
  keep({RemoveProfile{network.profile}, RemoveWifiNetwork{wifi_network(2).profile}});
  EXPECT_EQ(must(registry_->find_wifi_network(network.profile)), std::nullopt);
  EXPECT_EQ(must(registry_->find_wifi_network(wifi_network(2).profile)), std::nullopt);
}

TEST_P(RegistryContract, WrongPasswordsAreCountedUntilANewOneIsMade) {
  OneTimePassword password = one_time_password(1);
  keep({CountWrongPassword{password.device}});  // of nobody: no error
  keep({PutOneTimePassword{password}});
  keep({CountWrongPassword{password.device}, CountWrongPassword{password.device}});
  password.failures = 2;
  EXPECT_EQ(must(registry_->find_one_time_password(password.device)), password);
  keep({PutOneTimePassword{one_time_password(1)}});
  EXPECT_EQ(must(registry_->find_one_time_password(password.device)), one_time_password(1));
  EXPECT_EQ(must(registry_->find_one_time_password(device(2).id)), std::nullopt);
}

TEST_P(RegistryContract, AVoucherIsReplacedOnlyInTheStateThatIsExpected) {
  keep({InsertVoucher{voucher(1)}});
  Voucher superseded = voucher(1);
  superseded.state = VoucherState::superseded;
  superseded.encoded = {9};
  expect_error(registry_->write({ReplaceVoucher{superseded, VoucherState::made}}), Errc::conflict);
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), voucher(1));
  keep({ReplaceVoucher{superseded, VoucherState::owned}});
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), superseded);
  expect_error(registry_->write({ReplaceVoucher{voucher(1), VoucherState::owned}}), Errc::conflict);
}

TEST_P(RegistryContract, AVouchersStateIsSetOnlyFromAnExpectedOneAndNothingElseOfItChanges) {
  using enum VoucherState;
  keep({InsertVoucher{voucher(1)}, InsertVoucher{voucher(2)}});
  ASSERT_EQ(voucher(1).state, owned);
  expect_error(registry_->write({SetVoucherState{voucher(3).guid, {owned}, pending, at(7)}}),
               Errc::conflict);
  expect_error(
      registry_->write({SetVoucherState{voucher(1).guid, {made, pending}, superseded, at(7)}}),
      Errc::conflict);
  expect_error(registry_->write({SetVoucherState{voucher(1).guid, {}, superseded, at(7)}}),
               Errc::conflict);
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), voucher(1));
  keep({SetVoucherState{voucher(1).guid, {pending, owned}, superseded, at(7)}});
  Voucher superseded_one = voucher(1);
  superseded_one.state = superseded;
  superseded_one.changed = at(7);
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), superseded_one);
  EXPECT_EQ(must(registry_->find_voucher(voucher(2).guid)), voucher(2));
}

TEST_P(RegistryContract, AVoucherThatIsRequiredHasToBeThereInAnExpectedState) {
  using enum VoucherState;
  keep({InsertVoucher{voucher(1)}, RequireVoucher{voucher(1).guid, {pending, owned}}});
  for (const RequireVoucher& unmet :
       {RequireVoucher{voucher(1).guid, {pending, made}}, RequireVoucher{voucher(1).guid, {}},
        RequireVoucher{voucher(2).guid, {owned}}}) {
    expect_error(registry_->write({InsertDevice{device(1)}, unmet}), Errc::conflict);
    EXPECT_FALSE(must(registry_->find_device(device(1).id)));
  }
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), voucher(1));
}

TEST_P(RegistryContract, ADeviceIsUpdatedOnlyAtTheRevisionThatIsExpected) {
  keep({InsertDevice{device(1)}});
  Device renamed = device(1);
  renamed.name = "Kessel";
  renamed.guid = {7};
  renamed.account = account(2).id;
  expect_error(registry_->write({UpdateDevice{renamed, 2}}), Errc::conflict);
  expect_error(registry_->write({UpdateDevice{renamed, 0}}), Errc::conflict);
  EXPECT_EQ(must(registry_->find_device(device(1).id)), device(1));
  keep({UpdateDevice{renamed, 1}});
  renamed.revision = 2;
  EXPECT_EQ(must(registry_->find_device(device(1).id)), renamed);
  expect_error(registry_->write({UpdateDevice{renamed, 1}}), Errc::conflict);
}

TEST_P(RegistryContract, AProfileIsPutOnlyAtTheRevisionThatIsExpected) {
  keep({PutProfile{profile(1), 0}});
  expect_error(registry_->write({PutProfile{profile(1), 0}}), Errc::conflict);
  expect_error(registry_->write({PutProfile{profile(1), 2}}), Errc::conflict);
  Profile changed = profile(1);
  changed.document = "{}";
  changed.revision = 77;  // ignored: revisions are the registry's
  keep({PutProfile{changed, 1}});
  changed.revision = 2;
  EXPECT_EQ(must(registry_->find_profile(changed.id)), changed);
  keep({PutProfile{changed, std::nullopt}});
  EXPECT_EQ(must(registry_->find_profile(changed.id))->revision, 3u);
}

// What goes in comes out.

TEST_P(RegistryContract, AccountsAndUsersArePutFoundAndListedById) {
  keep({PutAccount{account(2)}, PutAccount{account(1)}, PutUser{user(2)}, PutUser{user(1)}});
  EXPECT_EQ(must(registry_->find_account(account(2).id)), account(2));
  EXPECT_FALSE(must(registry_->find_account(account(3).id)));
  EXPECT_EQ(must(registry_->accounts()), (std::vector{account(1), account(2)}));
  EXPECT_EQ(must(registry_->find_user(user(1).id)), user(1));
  EXPECT_FALSE(must(registry_->find_user(user(3).id)));
  EXPECT_EQ(must(registry_->users()), (std::vector{user(1), user(2)}));
  Account renamed{account(1).id, "other", at(99)};
  User admin{user(1).id, AccountId(), Role::admin, "", false, at(98)};
  keep({PutAccount{renamed}, PutUser{admin}});
  EXPECT_EQ(must(registry_->find_account(renamed.id)), renamed);
  EXPECT_EQ(must(registry_->find_user(admin.id)), admin);
}

TEST_P(RegistryContract, TokensAreFoundByTheHashOfTheirSecretUntilRemoved) {
  keep({PutToken{token(2)}, PutToken{token(1)}});
  EXPECT_EQ(must(registry_->find_token_by_hash(token(1).sha256)), token(1));
  EXPECT_FALSE(must(registry_->find_token_by_hash(token(3).sha256)));
  EXPECT_FALSE(must(registry_->find_token_by_hash({})));
  EXPECT_EQ(must(registry_->tokens()), (std::vector{token(1), token(2)}));
  ApiToken changed = token(1);
  changed.sha256 = token(5).sha256;
  changed.scopes = {};
  keep({PutToken{changed}});
  EXPECT_FALSE(must(registry_->find_token_by_hash(token(1).sha256)));
  EXPECT_EQ(must(registry_->find_token_by_hash(changed.sha256)), changed);
  keep({RemoveToken{changed.id}});
  EXPECT_FALSE(must(registry_->find_token_by_hash(changed.sha256)));
  EXPECT_EQ(must(registry_->tokens()), std::vector{token(2)});
}

TEST_P(RegistryContract, ProfilesAreListedByPriorityThenId) {
  Profile high = profile(3), negative = profile(4);
  high.priority = 11;
  negative.priority = -5;
  keep({PutProfile{negative, 0}, PutProfile{profile(2), 0}, PutProfile{high, 0},
        PutProfile{profile(1), 0}});
  EXPECT_EQ(must(registry_->profiles()), (std::vector{high, profile(1), profile(2), negative}));
  keep({RemoveProfile{high.id}});
  EXPECT_FALSE(must(registry_->find_profile(high.id)));
}

TEST_P(RegistryContract, TrustedKeysArePutFoundListedAndRemoved) {
  keep({PutTrustedKey{trusted_key(2)}, PutTrustedKey{trusted_key(1)}});
  EXPECT_EQ(must(registry_->find_trusted_key(account(1).id, trusted_key(1).fingerprint)),
            trusted_key(1));
  EXPECT_EQ(must(registry_->trusted_keys()), (std::vector{trusted_key(1), trusted_key(2)}));
  TrustedKey renamed = trusted_key(1);
  renamed.name = "other";
  renamed.kind = TrustedKey::Kind::owner;
  keep({PutTrustedKey{renamed}, RemoveTrustedKey{account(1).id, trusted_key(2).fingerprint}});
  EXPECT_EQ(must(registry_->trusted_keys()), std::vector{renamed});
  EXPECT_FALSE(must(registry_->find_trusted_key(account(1).id, trusted_key(2).fingerprint)));
}

TEST_P(RegistryContract, AKeyIsTrustedByEachAccountForItself) {
  TrustedKey mine = trusted_key(1), theirs = trusted_key(1), everybodys = trusted_key(1);
  theirs.account = account(2).id;
  theirs.kind = TrustedKey::Kind::owner;
  everybodys.account = AccountId();
  keep({PutTrustedKey{mine}, PutTrustedKey{theirs}, PutTrustedKey{everybodys}});
  EXPECT_EQ(must(registry_->trusted_keys()), (std::vector{everybodys, mine, theirs}));
  keep({RemoveTrustedKey{mine.account, mine.fingerprint}});
  EXPECT_FALSE(must(registry_->find_trusted_key(mine.account, mine.fingerprint)));
  EXPECT_EQ(must(registry_->find_trusted_key(theirs.account, mine.fingerprint)), theirs);
  EXPECT_EQ(must(registry_->find_trusted_key(AccountId(), mine.fingerprint)), everybodys);
}

TEST_P(RegistryContract, VouchersAreInsertedAndRemoved) {
  keep({InsertVoucher{voucher(1)}});
  EXPECT_EQ(must(registry_->find_voucher(voucher(1).guid)), voucher(1));
  keep({RemoveVoucher{voucher(1).guid}});
  EXPECT_FALSE(must(registry_->find_voucher(voucher(1).guid)));
  keep({InsertVoucher{voucher(1)}});
}

TEST_P(RegistryContract, ADeviceIsFoundByItsGuidAndByThatOfItsReplacementVoucher) {
  Voucher pending = voucher(50);
  pending.device = device(1).id;
  Voucher stray = voucher(51);
  stray.device = DeviceId();
  Device nameless = device(2);
  nameless.guid = {};
  keep({InsertDevice{device(1)}, InsertDevice{nameless}, InsertVoucher{pending},
        InsertVoucher{stray}});
  EXPECT_EQ(must(registry_->find_device_by_guid(device(1).guid)), device(1));
  EXPECT_EQ(must(registry_->find_device_by_guid(pending.guid)), device(1));
  EXPECT_FALSE(must(registry_->find_device_by_guid(stray.guid)));
  EXPECT_FALSE(must(registry_->find_device_by_guid(bytes_of(99, 16))));
  EXPECT_FALSE(must(registry_->find_device_by_guid({})));
}

TEST_P(RegistryContract, AStateOfADeviceChangesAndItsTextsStay) {
  keep({InsertDevice{device(1)}});
  Device online = device(1);
  online.state = DeviceState::online;
  online.state_reason = "connected";
  online.profile = ProfileId();
  online.groups = {};
  online.last_seen = at(77);
  keep({UpdateDevice{online, 1}});
  online.revision = 2;
  EXPECT_EQ(must(registry_->find_device(online.id)), online);
  DeviceFilter filter;
  filter.state = DeviceState::online;
  EXPECT_EQ(must(registry_->devices(filter, {})), std::vector{online});
  filter.state = DeviceState::waiting;
  EXPECT_TRUE(must(registry_->devices(filter, {})).empty());
}

TEST_P(RegistryContract, ADeviceHasManyKeysEachOnce) {
  keep({PutKey{device_key(1, 2)}, PutKey{device_key(1, 1)}, PutKey{device_key(2, 1)}});
  EXPECT_EQ(must(registry_->keys_of(device(1).id)),
            (std::vector{device_key(1, 1), device_key(1, 2)}));
  DeviceKey rejected = device_key(1, 1);
  rejected.state = KeyState::rejected;
  rejected.evidence = "operator";
  keep({PutKey{rejected}});
  EXPECT_EQ(must(registry_->keys_of(device(1).id)), (std::vector{rejected, device_key(1, 2)}));
  EXPECT_TRUE(must(registry_->keys_of(device(3).id)).empty());
}

TEST_P(RegistryContract, AKeyTellsEveryDeviceThatHasOrHadIt) {
  DeviceKey gone = device_key(2, 1);
  gone.state = KeyState::superseded;
  keep({PutKey{device_key(1, 2)}, PutKey{device_key(1, 1)}, PutKey{gone}});
  EXPECT_EQ(must(registry_->holders_of(device_key(1, 1).fingerprint)),
            (std::vector{device(1).id, device(2).id}));
  EXPECT_TRUE(must(registry_->holders_of(device_key(1, 3).fingerprint)).empty());
}

TEST_P(RegistryContract, CertificatesAreListedNewestFirstAndChangeTheirState) {
  Certificate others = certificate(4);
  others.device = device(2).id;
  keep({InsertCertificate{certificate(2)}, InsertCertificate{certificate(3)},
        InsertCertificate{certificate(1)}, InsertCertificate{others}});
  EXPECT_EQ(must(registry_->find_certificate(certificate(2).serial)), certificate(2));
  EXPECT_FALSE(must(registry_->find_certificate(certificate(9).serial)));
  EXPECT_EQ(must(registry_->certificates_of(device(1).id)),
            (std::vector{certificate(3), certificate(2), certificate(1)}));
  keep({SetCertificateState{certificate(2).serial, CertificateState::active, at(500)}});
  Certificate active = certificate(2);
  active.state = CertificateState::active;
  active.changed = at(500);
  EXPECT_EQ(must(registry_->find_certificate(active.serial)), active);
  EXPECT_EQ(must(registry_->certificates_in(CertificateState::active, {})), std::vector{active});
  EXPECT_TRUE(must(registry_->certificates_in(CertificateState::revoked, {})).empty());
}

TEST_P(RegistryContract, RegistrationsArePutRemovedAndExpire) {
  keep({PutRegistration{registration(1)}, PutRegistration{registration(2)},
        PutRegistration{registration(3)}});
  EXPECT_EQ(must(registry_->find_registration(registration(1).guid)), registration(1));
  Registration extended = registration(1);
  extended.to1d = {1};
  extended.expires = at(9000);
  keep({PutRegistration{extended}, RemoveRegistration{registration(3).guid}});
  EXPECT_EQ(must(registry_->find_registration(extended.guid)), extended);
  EXPECT_FALSE(must(registry_->find_registration(registration(3).guid)));
  EXPECT_EQ(must(registry_->remove_registrations_before(registration(2).expires)), 0u);
  EXPECT_EQ(must(registry_->remove_registrations_before(registration(2).expires + Duration(1))),
            1u);
  reopen();
  EXPECT_FALSE(must(registry_->find_registration(registration(2).guid)));
  EXPECT_TRUE(must(registry_->find_registration(extended.guid)));
}

TEST_P(RegistryContract, RegistrationsOfOneDeviceAreFoundByItsKey) {
  Registration later = registration(3);
  later.device_key = registration(1).device_key;
  keep(
      {PutRegistration{registration(1)}, PutRegistration{registration(2)}, PutRegistration{later}});
  EXPECT_EQ(must(registry_->registrations_of(later.device_key)),
            (std::vector{registration(1), later}));
  EXPECT_TRUE(must(registry_->registrations_of(View(later.device_key).first(5))).empty());
}

TEST_P(RegistryContract, To0JobsAreDueSoonestFirst) {
  keep({PutTo0Job{to0_job(1, 1)}, PutTo0Job{to0_job(1, 2)}, PutTo0Job{to0_job(2, 1)},
        PutTo0Job{to0_job(3, 1)}});  // due at 99, 99, 98, 97
  EXPECT_TRUE(must(registry_->to0_jobs_due(at(96), 10, {})).empty());
  EXPECT_EQ(must(registry_->to0_jobs_due(at(98), 10, {})),
            (std::vector{to0_job(3, 1), to0_job(2, 1)}));
  EXPECT_EQ(must(registry_->to0_jobs_due(at(1000), 3, {})),
            (std::vector{to0_job(3, 1), to0_job(2, 1), to0_job(1, 1)}));
  EXPECT_EQ(must(registry_->to0_jobs_due(at(98), 10, {"https://away", to0_job(3, 1).rendezvous})),
            std::vector<To0Job>());
  EXPECT_EQ(must(registry_->to0_jobs_due(at(1000), 1, {to0_job(3, 1).rendezvous})),
            std::vector{to0_job(1, 2)});
  EXPECT_EQ(must(registry_->to0_jobs_of(to0_job(1, 1).guid)),
            (std::vector{to0_job(1, 1), to0_job(1, 2)}));
  To0Job later{to0_job(1, 1).guid, to0_job(1, 1).rendezvous, at(5000), 0, "", at(4000)};
  keep({PutTo0Job{later}, RemoveTo0Job{to0_job(1, 2).guid, to0_job(1, 2).rendezvous}});
  EXPECT_EQ(must(registry_->to0_jobs_of(later.guid)), std::vector{later});
}

TEST_P(RegistryContract, SessionsAreReplacedRemovedAndExpire) {
  keep({PutSession{session(1)}, PutSession{session(2)}, PutSession{session(3)}});
  EXPECT_EQ(must(registry_->find_session(session(1).id)), session(1));
  EXPECT_FALSE(must(registry_->find_session("")));
  Session next{session(1).id, {4}, at(5000)};
  keep({PutSession{next}, RemoveSession{session(3).id}});
  EXPECT_EQ(must(registry_->find_session(next.id)), next);
  EXPECT_FALSE(must(registry_->find_session(session(3).id)));
  EXPECT_EQ(must(registry_->remove_sessions_before(at(4000))), 1u);
  reopen();
  EXPECT_FALSE(must(registry_->find_session(session(2).id)));
  EXPECT_TRUE(must(registry_->find_session(next.id)));
}

TEST_P(RegistryContract, RegistrationsAreListedByGuidPageByPage) {
  for (int i : {3, 1, 2}) keep({PutRegistration{registration(i)}});
  EXPECT_EQ(must(registry_->registrations({"", 2})),
            (std::vector{registration(1), registration(2)}));
  EXPECT_EQ(must(registry_->registrations({to_hex(registration(2).guid), 2})),
            std::vector{registration(3)});
  EXPECT_EQ(registry_->registrations({"x", 2}).error().code, Errc::malformed);
}

TEST_P(RegistryContract, ASessionIsTakenByOneOfThoseWhoReadIt) {
  keep({PutSession{session(1)}});
  Session next{session(1).id, {4}, at(5000)};
  expect_error(registry_->write({TakeSession{next.id, next.state}}), Errc::conflict);
  keep({TakeSession{session(1).id, session(1).state}});
  EXPECT_FALSE(must(registry_->find_session(next.id)));
  expect_error(registry_->write({TakeSession{session(1).id, session(1).state}}), Errc::conflict);
  keep({PutSession{next}});  // continued meanwhile: who read it before is too late
  expect_error(registry_->write({TakeSession{session(1).id, session(1).state}}), Errc::conflict);
  EXPECT_EQ(must(registry_->find_session(next.id)), next);
  EXPECT_EQ(must(registry_->counts()).sessions, 1u);
}

TEST_P(RegistryContract, ManyExpiredSessionsAreAllRemoved) {
  Transaction many;
  for (int i = 0; i < 2500; ++i) many.push_back(PutSession{{std::to_string(i), {1}, at(i)}});
  must(registry_->write(many));
  EXPECT_EQ(must(registry_->remove_sessions_before(at(2400))), 2400u);
  EXPECT_FALSE(must(registry_->find_session("2399")));
  EXPECT_TRUE(must(registry_->find_session("2400")));
}

TEST_P(RegistryContract, ATimelineGivesTheNewestInTheOrderInWhichTheyHappened) {
  keep(
      {AppendEvent{event(1, "ONE")}, AppendEvent{event(2, "OTHER")}, AppendEvent{event(1, "TWO")}});
  keep({AppendEvent{event(1, "THREE")}});
  const auto events = must(registry_->events_of(device(1).id, 10));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].id, "ONE");
  EXPECT_EQ(events[2].id, "THREE");
  EXPECT_LT(events[0].sequence, events[1].sequence);
  EXPECT_LT(events[1].sequence, events[2].sequence);
  EXPECT_EQ(events[0].at, at(16));
  ASSERT_EQ(events[0].fields.size(), 2u);
  EXPECT_EQ(events[0].fields[0].name, "why");
  EXPECT_EQ(events[0].fields[0].value, "Überlauf");
  EXPECT_EQ(events[0].fields[1].value, "twice");
  const auto newest = must(registry_->events_of(device(1).id, 2));
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(newest[0].id, "TWO");
  EXPECT_EQ(newest[1].id, "THREE");
}

TEST_P(RegistryContract, WhatADeviceRepeatsIsCountedInItsTimeline) {
  TimelineEvent again = event(1, "REFUSED");
  keep({AppendEvent{again}});
  again.at = at(20);
  keep({AppendEvent{again}, AppendEvent{event(2, "REFUSED")}, AppendEvent{again}});
  TimelineEvent other_words = again;
  other_words.fields.front().value = "for another reason";
  keep({AppendEvent{other_words}, AppendEvent{again}});
  const auto events = must(registry_->events_of(device(1).id, 10));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].times, 3u);
  EXPECT_EQ(events[0].at, at(16));
  EXPECT_EQ(events[0].last, at(20));
  EXPECT_EQ(events[1].times, 1u);
  EXPECT_EQ(events[1].last, events[1].at);
  EXPECT_EQ(must(registry_->events_of(device(2).id, 10)).front().times, 1u);
}

TEST_P(RegistryContract, AFullTimelineDropsTheOldestOfWhatItHasMostOf) {
  keep({AppendEvent{event(1, "GRANTED")}});
  Transaction flood;
  for (std::size_t i = 0; i < 2 * timeline_entries_max; ++i) {
    TimelineEvent each = event(1, "REFUSED");
    each.fields.front().value = std::to_string(i);
    flood.push_back(AppendEvent{std::move(each)});
  }
  keep(std::move(flood));
  keep({AppendEvent{event(1, "REVOKED")}});
  const auto events = must(registry_->events_of(device(1).id, SIZE_MAX));
  ASSERT_EQ(events.size(), timeline_entries_max);
  EXPECT_EQ(events.front().id, "GRANTED");
  EXPECT_EQ(events.back().id, "REVOKED");
  EXPECT_EQ(events[events.size() - 2].fields.front().value,
            std::to_string(2 * timeline_entries_max - 1));
}

TEST_P(RegistryContract, ARemovedKeyIsGoneAndAnotherOfItsDeviceStays) {
  DeviceKey one = device_key(1, 1), other = device_key(1, 2);
  keep({PutKey{one}, PutKey{other}, RemoveKey{one.device, one.fingerprint}});
  EXPECT_EQ(must(registry_->keys_of(one.device)), std::vector{other});
}

TEST_P(RegistryContract, PartsOfAnUploadComeByOffsetUntilTheyAreRemovedTogether) {
  const DeviceId mine = device(1).id, other = device(2).id;
  keep({PutUploadPart{mine, {300, {3}}}, PutUploadPart{mine, {0, Bytes(300, 1)}},
        PutUploadPart{other, {0, {9}}}});
  EXPECT_EQ(must(registry_->upload_parts_of(mine)),
            (std::vector<UploadPart>{{0, Bytes(300, 1)}, {300, {3}}}));
  keep({PutUploadPart{mine, {300, {4, 4}}}});  // the same again, after an answer that was lost
  EXPECT_EQ(must(registry_->upload_parts_of(mine)).back(), (UploadPart{300, {4, 4}}));
  keep({RemoveUploadParts{mine}});
  EXPECT_TRUE(must(registry_->upload_parts_of(mine)).empty());
  EXPECT_EQ(must(registry_->upload_parts_of(other)).size(), 1u);
}

TEST_P(RegistryContract, UploadsArePutReplacedListedByNameAndRemoved) {
  keep({PutUpload{upload(1, 2), {2, 2, 2, 2, 2}}, PutUpload{upload(1, 1), {1, 1, 1, 1, 1}},
        PutUpload{upload(2, 1), {0, 0, 0, 0, 0}}});
  EXPECT_EQ(must(registry_->uploads_of(device(1).id)), (std::vector{upload(1, 1), upload(1, 2)}));
  EXPECT_EQ(must(registry_->find_upload_content(device(2).id, upload(2, 1).name)), Bytes(5, 0));
  EXPECT_FALSE(must(registry_->find_upload_content(device(2).id, upload(1, 2).name)));
  Upload empty = upload(1, 1);
  empty.at = at(900);
  empty.sha384 = bytes_of(77, 48);
  keep({PutUpload{empty, {}}});
  empty.size = 0;  // the registry's: of the content
  EXPECT_EQ(must(registry_->uploads_of(device(1).id)), (std::vector{empty, upload(1, 2)}));
  EXPECT_EQ(must(registry_->find_upload_content(device(1).id, empty.name)), Bytes{});
  keep({RemoveUpload{device(1).id, empty.name}});
  EXPECT_EQ(must(registry_->uploads_of(device(1).id)), std::vector{upload(1, 2)});
  EXPECT_FALSE(must(registry_->find_upload_content(device(1).id, empty.name)));
}

TEST_P(RegistryContract, SettingsAreReplaced) {
  keep({PutSetting{"ca", {1, 2}}});
  keep({PutSetting{"ca", {3}}, InsertSetting{"Ümlaut", {4}}});
  EXPECT_EQ(must(registry_->find_setting("ca")), Bytes{3});
  EXPECT_EQ(must(registry_->find_setting("Ümlaut")), Bytes{4});
  EXPECT_FALSE(must(registry_->find_setting("CA")));
}

TEST_P(RegistryContract, CountsAreThoseOfWhatIsThere) {
  keep({InsertDevice{device(1)}, InsertDevice{device(2)}, InsertVoucher{voucher(1)},
        InsertCertificate{certificate(1)}, InsertCertificate{certificate(2)},
        SetCertificateState{certificate(1).serial, CertificateState::active, at(0)},
        PutRegistration{registration(1)}});
  const auto counts = must(registry_->counts());
  EXPECT_EQ(counts.devices, 2u);
  EXPECT_EQ(counts.vouchers, 1u);
  EXPECT_EQ(counts.certificates_active, 1u);
  EXPECT_EQ(counts.registrations, 1u);
}

}  // namespace fairlead::registry::test
