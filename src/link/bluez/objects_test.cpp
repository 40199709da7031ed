// SPDX-License-Identifier: Apache-2.0
#include "link/bluez/objects.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace fairlead::link {
namespace {

// Messages as bluetoothd would send them, made on a bus with nobody at its other end.
class BluezObjects : public testing::Test {
 protected:
  BluezObjects() {
    sd_bus* made = nullptr;
    EXPECT_GE(sd_bus_new(&made), 0);
    bus_.reset(made);
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    other_end_ = ends[1];
    EXPECT_GE(sd_bus_set_fd(bus_.get(), ends[0], ends[0]), 0);
    EXPECT_GE(sd_bus_start(bus_.get()), 0);
  }
  ~BluezObjects() override { ::close(other_end_); }

  template <class... Arguments>
  Message message(const char* types, Arguments... arguments) {
    auto out = bluez_call(bus_.get(), "/", "org.example.Test", "Test");
    EXPECT_TRUE(out);
    EXPECT_GE(sd_bus_message_append(out->get(), types, arguments...), 0);
    EXPECT_GE(sd_bus_message_seal(out->get(), 1, 0), 0);
    EXPECT_GE(sd_bus_message_rewind(out->get(), 1), 0);
    return std::move(*out);
  }

  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };
  std::unique_ptr<sd_bus, Close> bus_;
  int other_end_ = -1;
};

TEST_F(BluezObjects, PropertiesAreReadByTheirKinds) {
  auto in = message("a{sv}", 7, "Powered", "b", 1, "Name", "s", "SN-1", "Adapter", "o", "/hci0",
                    "RSSI", "n", -60, "Class", "q", 7, "UUIDs", "as", 2, "180a", "1775", "Data",
                    "a{qv}", 1, 76, "ay", 2, 1, 2);
  auto read = read_properties(in.get());
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->size(), 7u);
  EXPECT_TRUE(is_set(*read, "Powered"));
  EXPECT_EQ(text_of(*read, "Name"), "SN-1");
  EXPECT_EQ(text_of(*read, "Adapter"), "/hci0");
  EXPECT_EQ(*find_property<std::int64_t>(*read, "RSSI"), -60);
  EXPECT_EQ(*find_property<std::int64_t>(*read, "Class"), 7);
  EXPECT_EQ(*find_property<std::vector<std::string>>(*read, "UUIDs"),
            (std::vector<std::string>{"180a", "1775"}));
  EXPECT_TRUE(find_property<std::monostate>(*read, "Data")) << "of no kind that we look at";
}

TEST_F(BluezObjects, APropertyOfAnotherKindOrNoneIsNotThere) {
  auto in = message("a{sv}", 2, "Powered", "s", "yes", "Name", "b", 1);
  auto read = read_properties(in.get());
  ASSERT_TRUE(read);
  EXPECT_FALSE(is_set(*read, "Powered"));
  EXPECT_FALSE(is_set(*read, "Paired"));
  EXPECT_EQ(text_of(*read, "Name"), "");
  EXPECT_FALSE(find_property<std::int64_t>(*read, "RSSI"));
}

TEST_F(BluezObjects, ObjectsAreReadWithTheirInterfaces) {
  auto in =
      message("a{oa{sa{sv}}}", 2, "/org/bluez", 1, "org.bluez.AgentManager1", 0, "/org/bluez/hci0",
              2, "org.bluez.Adapter1", 1, "Powered", "b", 1, "org.bluez.GattManager1", 0);
  auto read = read_objects(in.get());
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->size(), 2u);
  const Object& adapter = read->at("/org/bluez/hci0");
  EXPECT_EQ(adapter.size(), 2u);
  EXPECT_TRUE(is_set(adapter.find(adapter_interface)->second, "Powered"));
  EXPECT_EQ(find_adapter(*read, "").value(), "/org/bluez/hci0");
  EXPECT_EQ(find_adapter(*read, "hci0").value(), "/org/bluez/hci0");
  EXPECT_EQ(find_adapter(*read, "ci0").error().code, Errc::not_found);
  EXPECT_EQ(find_adapter({}, "").error().code, Errc::not_found);
}

TEST_F(BluezObjects, WhatHasChangedIsReadWithItsInterface) {
  auto in = message("sa{sv}as", "org.bluez.Device1", 1, "Connected", "b", 0, 1, "RSSI");
  auto read = read_changed(in.get());
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->first, device_interface);
  ASSERT_TRUE(find_property<bool>(read->second, "Connected"));
  EXPECT_FALSE(is_set(read->second, "Connected"));
}

TEST_F(BluezObjects, AMessageOfAnotherShapeIsRefused) {
  auto empty = message("");
  EXPECT_FALSE(read_properties(empty.get()));
  EXPECT_FALSE(read_changed(empty.get()));
  auto text = message("s", "org.bluez.Device1");
  EXPECT_FALSE(read_properties(text.get()));
  EXPECT_FALSE(read_objects(text.get()));
  EXPECT_FALSE(read_changed(text.get())) << "nothing follows the name";
  auto numbers = message("a{su}", 1, "Powered", 1u);
  EXPECT_FALSE(read_properties(numbers.get()));
}

TEST_F(BluezObjects, AListThatIsTooLongIsRefused) {
  auto read = [&](std::size_t count) {
    auto call = bluez_call(bus_.get(), "/", "org.example.Test", "Test");
    sd_bus_message* out = call->get();
    sd_bus_message_open_container(out, 'a', "{sv}");
    sd_bus_message_open_container(out, 'e', "sv");
    sd_bus_message_append(out, "s", "UUIDs");
    sd_bus_message_open_container(out, 'v', "as");
    sd_bus_message_open_container(out, 'a', "s");
    for (std::size_t i = 0; i < count; ++i) sd_bus_message_append(out, "s", "180a");
    for (int i = 0; i < 4; ++i) sd_bus_message_close_container(out);
    sd_bus_message_seal(out, 1, 0);
    sd_bus_message_rewind(out, 1);
    return read_properties(out).has_value();
  };
  EXPECT_TRUE(read(256));
  EXPECT_FALSE(read(257));
}

}  // namespace
}  // namespace fairlead::link
