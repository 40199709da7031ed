// SPDX-License-Identifier: Apache-2.0
#include "server/profiles.h"

#include <gtest/gtest.h>

#include "support/server_plant.h"

namespace fairlead::server {
namespace {

std::string refusal(std::string_view json) {
  auto profile = parse_profile(ProfileId("p"), json);
  if (profile) return "taken";
  EXPECT_EQ(profile.error().code, Errc::malformed);
  return profile.error().context;
}

TEST(Profile, RefusesWhatIsNotAnObject) {
  EXPECT_TRUE(refusal("{").starts_with("profile is not JSON"));
  EXPECT_TRUE(refusal("[]").ends_with("must be an object"));
  EXPECT_TRUE(refusal(R"({"match": 5})").ends_with("must be an object"));
  EXPECT_TRUE(refusal(R"({"actions": [7]})").ends_with("must be an object"));
  EXPECT_TRUE(refusal(std::string(40, '[') + std::string(40, ']'))
                  .starts_with("profile is not JSON"));  // depth
}

TEST(Profile, RefusesAMisspeltRule) {
  EXPECT_EQ(refusal(R"({"acount": "acme"})"), "acount: is not known here");
  EXPECT_EQ(refusal(R"({"match": {"serial": []}})"), "match.serial: is not known here");
  EXPECT_EQ(refusal(R"({"actions": [{"kind": "upload", "name": "log", "to": "x"}]})"),
            "actions[0].to: is not known here");
}

TEST(Profile, MayBeForASingleDeviceAndSaysForWhomItIs) {
  auto one = parse_profile(ProfileId("p"), R"({"match": {"devices": ["d-17"]}})").value();
  enroll::Subject subject{"SN-1", "GW", "gateway", {"pumps"}, AccountId("acme"), DeviceId("d-17")};
  EXPECT_TRUE(enroll::matches(one.decision.match, subject));
  subject.device = DeviceId("d-18");
  EXPECT_FALSE(enroll::matches(one.decision.match, subject));
  EXPECT_EQ(enroll::in_words(one.decision.match), "devices d-17");
  auto some =
      parse_profile(ProfileId("p"), R"({"match": {"groups": ["a", "b*"], "accounts": ["acme"]}})");
  EXPECT_EQ(enroll::in_words(some->decision.match), "groups a, b*; accounts acme");
  EXPECT_EQ(enroll::in_words({}), "every device");
}

TEST(Profile, NamesTheMemberThatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"priority": 1000001})", "priority: "},
      {R"({"priority": "high"})", "priority: "},
      {R"({"account": 5})", "account: "},
      {R"({"approval": "yes"})", "approval: "},
      {R"({"new_key": "ask"})", "new_key: "},
      {R"({"on_clone": "ask"})", "on_clone: "},
      {R"({"attestation": "ek"})", "attestation: "},
      {R"({"certificate_lifetime_s": 59})", "certificate_lifetime_s: "},
      {R"({"certificate_lifetime_s": 630720001})", "certificate_lifetime_s: "},
      {R"({"endpoints": "mqtts://x"})", "endpoints: "},
      {R"({"endpoints": [5]})", "endpoints: "},
      {R"({"match": {"serials": "A*"}})", "match.serials: "},
      {R"({"actions": {}})", "actions: "},
      {R"({"actions": [{}]})", "actions[0].kind: is missing"},
      {R"({"actions": [{"kind": "reboot"}]})", "actions[0].kind: must be"},
      {R"({"actions": [{"kind": "upload", "name": "a"}, {"kind": "wget", "name": "a"}]})",
       "actions[1].url: is missing"},
      {R"({"actions": [{"kind": "wget", "name": "a", "url": "u", "sha384": "00"}]})",
       "actions[0].sha384: "},
      {R"({"actions": [{"kind": "download", "name": "a"}]})",
       "actions[0].content_base64: is missing"},
      {R"({"actions": [{"kind": "command", "command": "ls", "args": [1]}]})", "actions[0].args: "},
  };
  for (const auto& [json, start] : cases)
    EXPECT_TRUE(refusal(json).starts_with(start)) << json << " -> " << refusal(json);
  std::string many = R"({"actions": [)";
  for (int i = 0; i < 65; ++i)
    many += std::string(i ? "," : "") + R"({"kind":"upload","name":"a"})";
  EXPECT_TRUE(refusal(many + "]}").starts_with("actions: "));
}

TEST(Profile, HasDefaultsForEverything) {
  auto profile = parse_profile(ProfileId("p"), "{}").value();
  EXPECT_EQ(profile.priority, 0);
  EXPECT_EQ(profile.decision.certificate_lifetime, std::chrono::days(90));
  EXPECT_FALSE(profile.decision.approval || profile.allow_credential_reuse);
  EXPECT_EQ(profile.decision.new_key, enroll::NewKey::replace);
  EXPECT_TRUE(profile.endpoints.empty() && profile.actions.empty() &&
              profile.decision.account.empty());
  EXPECT_TRUE(parse_profile(ProfileId("default"), default_profile_document()));
}

TEST(Profile, ReadsActionsInTheirOrder) {
  auto profile = parse_profile(ProfileId("p"), R"({"new_key": "wait", "actions": [
      {"kind": "download", "name": "app.conf", "content_base64": "aGk="},
      {"kind": "upload", "name": "log"},
      {"kind": "command", "command": "systemctl", "args": ["restart", "app"], "may_fail": true, "return_stdout": false}]})")
                     .value();
  EXPECT_EQ(profile.decision.new_key, enroll::NewKey::wait);
  ASSERT_EQ(profile.actions.size(), 3u);
  auto& download = std::get<fdo::action::Download>(profile.actions[0]);
  EXPECT_EQ(download.source->read(0, 10).value(), to_bytes("hi"));
  EXPECT_EQ(std::get<fdo::action::Upload>(profile.actions[1]).name, "log");
  const auto& command = std::get<fdo::action::Command>(profile.actions[2]);
  EXPECT_TRUE(command.may_fail && !command.return_stdout && command.return_stderr);
  EXPECT_EQ(command.args, (std::vector<std::string>{"restart", "app"}));
}

TEST(Profile, ADownloadMayBeOfTheServersFiles) {
  auto profile = parse_profile(ProfileId("p"), R"({"actions": [{"kind": "upload", "name": "log"},
      {"kind": "download", "name": "fw", "file": "firmware-2.bin"}]})")
                     .value();
  EXPECT_EQ(profile.files, (std::map<std::size_t, std::string>{{1, "firmware-2.bin"}}));
}

std::string decider(Profiles& profiles, const enroll::Subject& subject) {
  auto profile = test::must(profiles.matching(subject));
  return profile ? profile->decision.id.str() : "none";
}

TEST(Profile, TheHighestPriorityThatMatchesDecides) {
  test::ServerPlant plant;  // brings "all", priority 0
  Profiles profiles(*plant.registry);
  plant.profile("pumps", R"({"priority": 5, "match": {"serials": ["PUMP-*"]}})");
  plant.profile("hall-3",
                R"({"priority": 9, "match": {"groups": ["hall-3"], "models": ["GW-?"]}})");
  plant.profile("other", R"({"priority": 99, "match": {"accounts": ["other"]}})");
  AccountId acme("acme");
  EXPECT_EQ(decider(profiles, {"PUMP-1", "", "", {}, acme, {}}), "pumps");
  EXPECT_EQ(decider(profiles, {"VALVE-1", "", "", {}, acme, {}}), "all");
  EXPECT_EQ(decider(profiles, {"PUMP-1", "GW-1", "", {"hall-2", "hall-3"}, acme, {}}), "hall-3");
  EXPECT_EQ(decider(profiles, {"PUMP-1", "GW-10", "", {"hall-3"}, acme, {}}),
            "pumps");  // every list has to match
  EXPECT_EQ(decider(profiles, {"VALVE-1", "", "", {}, AccountId("other"), {}}), "other");
  plant.commit({registry::RemoveProfile{ProfileId("all")}});
  EXPECT_EQ(decider(profiles, {"VALVE-1", "", "", {}, acme, {}}), "none");
}

TEST(Profile, AnotherTextIsReadAndTheSameOneNotAgain) {
  test::ServerPlant plant;
  Profiles profiles(*plant.registry);
  enroll::Subject subject{"S-1", "", "", {}, AccountId("acme"), {}};
  auto first = test::must(profiles.matching(subject));
  EXPECT_EQ(test::must(profiles.matching(subject)), first);
  plant.profile("all", R"({"account": "acme", "approval": true})");
  EXPECT_FALSE(first->decision.approval);
  EXPECT_TRUE(test::must(profiles.matching(subject))->decision.approval);
  // Made anew under the same name, it begins at revision 1 again.
  plant.commit({registry::RemoveProfile{ProfileId("all")}});
  plant.profile("all", R"({"account": "acme", "certificate_lifetime_s": 60})");
  EXPECT_EQ(test::must(profiles.matching(subject))->decision.certificate_lifetime,
            std::chrono::seconds(60));
}

}  // namespace
}  // namespace fairlead::server
