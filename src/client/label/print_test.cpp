// SPDX-License-Identifier: Apache-2.0
#include "client/label/print.h"

#include <gtest/gtest.h>

#include <cmath>

#include "client/label/label.h"

namespace fairlead::client {
namespace {

const std::string dpp_uri =
    "DPP:V:2;K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADyDsICYUS17d0csN0AhhbTYx6pMLLVZC0AirpWH4IKgA=;;";

local::LabelFacts pump() {
  local::LabelFacts out{"SN-17", "Pump 7", "Pump Works", "https://pumps.example/SN-17",
                        dpp_uri, {}};
  out.setup.emplace();
  out.setup->name = "PROV_01b1e8";
  out.setup->username = "wifiprov";
  out.setup->code = "abcd2345";
  return out;
}

std::string why(const local::LabelFacts& facts, QrContent content) {
  auto label = print_label(facts, content);
  return label ? "printed" : label.error().context;
}

TEST(PrintedLabel, SaysAllThatIsKnownOrWhatEspressifKnowsOrTheBareUri) {
  auto all = parse_label(print_label(pump(), QrContent::setup)->qr);
  EXPECT_EQ(std::get<local::SetupLabel>(*all).product_uri, pump().product_uri);
  EXPECT_EQ(std::get<local::SetupLabel>(*all).dpp, dpp_uri);
  auto stock = parse_label(print_label(pump(), QrContent::espressif)->qr);
  EXPECT_EQ(std::get<local::SetupLabel>(*stock), *pump().setup);
  EXPECT_EQ(print_label(pump(), QrContent::link)->qr, pump().product_uri);
  EXPECT_EQ(print_label(pump(), QrContent::dpp)->qr, dpp_uri);
}

TEST(PrintedLabel, HasForPeopleWhatTheyMayHaveToType) {
  auto label = print_label(pump(), QrContent::link);
  ASSERT_EQ(label->lines.size(), 4u);
  EXPECT_EQ(label->lines[0].text, "Pump Works Pump 7");
  EXPECT_EQ(label->lines[1].text, "S/N SN-17");
  EXPECT_EQ(label->lines[2].text, "Code abcd2345");
  EXPECT_EQ(label->lines[3].text, "PROV_01b1e8");
}

TEST(PrintedLabel, WhatIsNotThereOrCouldNotBeReadAgainIsNotPrinted) {
  local::LabelFacts bare{"SN-17", "", "", "", "", {}};
  EXPECT_EQ(why(bare, QrContent::setup), "SN-17 has no code for local setup");
  EXPECT_EQ(why(bare, QrContent::link), "SN-17 has no product URI for an identification link");
  EXPECT_EQ(why(bare, QrContent::dpp), "SN-17 has no DPP URI");
  bare.product_uri = "pumps.example/SN-17";
  EXPECT_EQ(why(bare, QrContent::link), "SN-17: this is not the label of a device");
  auto wrong = pump();
  wrong.dpp = "DPP:V:2;;";
  EXPECT_EQ(why(wrong, QrContent::setup), "SN-17: the label's \"dpp\": DPP URI: it holds no key");
}

TEST(LabelPlacement, KeepsTheQuietZoneAndWholeDots) {
  for (auto [width, height] :
       {std::pair(62.0, 29.0), std::pair(30.0, 50.0), std::pair(40.0, 40.0)}) {
    LabelForm form;
    form.width = width;
    form.height = height;
    form.dpi = 203;
    auto at = place_label(form, 45, 4);
    ASSERT_TRUE(at) << at.error().context;
    const double dots = at->module * 203 / 25.4;
    EXPECT_NEAR(dots, std::round(dots), 1e-6);
    EXPECT_GE(at->qr_x, 4 * at->module - 1e-9);
    EXPECT_GE(at->qr_y, 4 * at->module - 1e-9);
    const double end = 45 * at->module;
    EXPECT_LE(at->qr_y + end + 4 * at->module, height + 25.4 / 203);
    if (at->text_x > at->qr_x) {
      EXPECT_LE(at->qr_x + end, at->text_x);
    } else {
      EXPECT_LE(at->qr_y + end, at->text_y);
    }
    EXPECT_LE(at->text_y + 4 * at->line_height, height);
  }
}

TEST(LabelPlacement, TooSmallALabelIsRefusedWithWhatToDo) {
  LabelForm form;
  form.width = 30;
  form.height = 12;
  auto at = place_label(form, 49, 4);
  ASSERT_FALSE(at);
  EXPECT_NE(at.error().context.find("modules a side, for which there is room of 0.21 mm"),
            std::string::npos)
      << at.error().context;
  EXPECT_NE(place_label(form, 25, 20).error().context.find("20 lines of text"), std::string::npos);
}

TEST(LabelSheet, HoldsWhatStandardSheetsHold) {
  LabelForm form;
  form.width = 63.5;
  form.height = 38.1;
  Paper paper;
  paper.gap_x = 2.5;
  auto places = places_on(paper, form);
  ASSERT_TRUE(places);
  EXPECT_EQ(places->size(), 21u);  // three by seven
  EXPECT_NEAR(places->front().x, 7.25, 1e-6);
  EXPECT_NEAR(places->front().y, 15.15, 1e-6);
  EXPECT_NEAR((*places)[1].x, 7.25 + 66, 1e-6);
  form.width = 70;
  form.height = 37.125;
  EXPECT_EQ(places_on(paper, form)->size(), 2u * 7);
  paper.margin = 0;
  paper.gap_x = 0;
  EXPECT_EQ(places_on(paper, form)->size(), 3u * 8);
}

TEST(LabelSheet, WithoutRoomForOneIsRefused) {
  LabelForm form;
  form.width = 201;
  EXPECT_FALSE(places_on(Paper{}, form));
  form.width = 200;
  EXPECT_TRUE(places_on(Paper{}, form));
  Paper used;
  used.skip = places_on(used, form)->size();
  EXPECT_FALSE(places_on(used, form));
}

}  // namespace
}  // namespace fairlead::client
