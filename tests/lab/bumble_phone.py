# SPDX-License-Identifier: Apache-2.0
"""A phone by bumble, a Bluetooth stack that shares nothing with bluetoothd, on a controller of its own."""
import contextlib
import logging
import subprocess

from bumble import att, hci
from bumble.device import Device, Peer
from bumble.transport import open_transport

DESCRIPTION = 0x2901
CONNECT_PATIENCE = 30.0  # seconds

logging.getLogger("bumble").setLevel(logging.ERROR)


@contextlib.asynccontextmanager
async def controller(name):
    """bumble's device on "hci2", which bluetoothd has to leave to it."""
    subprocess.run(["hciconfig", name, "down"], check=True)
    async with await open_transport(f"hci-socket:{name.removeprefix('hci')}") as transport:
        device = Device.with_hci("phone", hci.Address("F0:F1:F2:F3:F4:F5"), transport.source, transport.sink)
        await device.power_on()
        yield device


class Link:
    """A connection, with the endpoints by the names that the device gives them."""

    def __init__(self, connection, client, endpoints):
        self.connection, self.client, self.endpoints = connection, client, endpoints

    async def write(self, endpoint, value):
        """None, or the ATT error; long where it has to be."""
        return await self.error_of(self.client.write_value(self.endpoints[endpoint], value, with_response=True))

    async def read(self, endpoint):
        return await self.client.read_value(self.endpoints[endpoint])

    async def ask(self, endpoint, value):
        """The answer, or the ATT error."""
        error = await self.write(endpoint, value)
        return await self.read(endpoint) if error is None else error

    async def send_data(self, endpoint, data):
        """As the transports of Espressif's tool."""
        answer = await self.ask(endpoint, data.encode("latin-1"))
        if isinstance(answer, int):
            raise RuntimeError(f"ATT error 0x{answer:02x}")
        return answer.decode("latin-1")

    async def request(self, pdu):
        """The answer to one PDU: its class, or the ATT error."""
        response = await self.client.send_request(pdu)
        return response.error_code if isinstance(response, att.ATT_Error_Response) else type(response)

    async def prepare(self, endpoint, offset, part):
        return await self.request(att.ATT_Prepare_Write_Request(attribute_handle=self.endpoints[endpoint], value_offset=offset,
                                                                part_attribute_value=part))

    async def execute(self, flags=1):
        return await self.request(att.ATT_Execute_Write_Request(flags=flags))

    async def read_at(self, endpoint, offset):
        return await self.request(att.ATT_Read_Blob_Request(attribute_handle=self.endpoints[endpoint], value_offset=offset))

    @staticmethod
    async def error_of(doing):
        try:
            await doing
        except att.ATT_Error as error:
            return int(error.error_code)
        return None


class Phone:
    def __init__(self, device, target):
        self.device, self.target, self.endpoints = device, target, None

    @contextlib.asynccontextmanager
    async def link(self, mtu=517):
        """`mtu`: what we say when the device asks; we ask for none. From the controller's own address: of a random one the lab's
        controllers make that of hci0, and the device takes two phones for one."""
        self.device.gatt_server.max_mtu = mtu
        connection = await self.device.connect(hci.Address(self.target, hci.Address.PUBLIC_DEVICE_ADDRESS),
                                               own_address_type=hci.OwnAddressType.PUBLIC, timeout=CONNECT_PATIENCE)
        try:
            peer = Peer(connection)
            if self.endpoints is None:
                self.endpoints = await self.find_endpoints(peer)
            yield Link(connection, peer.gatt_client, self.endpoints)
        finally:
            with contextlib.suppress(Exception):  # the device may have ended it
                await connection.disconnect()

    @staticmethod
    async def find_endpoints(peer):
        out = {}
        await peer.discover_services()
        for service in peer.services:
            for characteristic in await service.discover_characteristics():
                for descriptor in await characteristic.discover_descriptors():
                    if descriptor.type.to_bytes() == DESCRIPTION.to_bytes(2, "little"):
                        name = await peer.gatt_client.read_value(descriptor.handle)
                        out[name.decode()] = characteristic.handle
        return out
