#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stock_firmware.py by HTTP, as at the access point that such a device opens. PYTHONPATH is what toolchains.py makes.

stock_http.py SETTINGS    JSON, see StockFirmware. Says its port, and "joined SSID". A second after its client read that it is
                          in its network it stops."""

import http.server
import json
import secrets
import sys
import threading

from stock_firmware import Refused, StockFirmware

BODY_MAX = 4096


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server, endpoint = self.server, self.path.removeprefix("/")
        length = int(self.headers.get("Content-Length", 0))
        if not server.firmware.has(endpoint):
            self.close_connection = True
            return self.send_error(404, "Nothing matches the given URI")
        # The whole header is compared: a cookie with attributes would be another.
        is_new = self.headers.get("Cookie") != server.cookie
        if is_new:
            server.cookie, server.session = f"session={secrets.randbits(32)}", server.firmware.session()
        try:
            if not 1 <= length <= BODY_MAX:
                raise Refused
            answer = server.firmware.answer(server.session, endpoint, self.rfile.read(length))
        except Refused:
            self.close_connection = True
            return None
        self.send_response(200)
        if is_new:
            self.send_header("Set-Cookie", server.cookie)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        return None

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def joined(ssid):
        print(f"joined {ssid.decode()}", flush=True)
        threading.Timer(1.0, server.shutdown).start()
    server.firmware, server.cookie, server.session = StockFirmware(json.loads(sys.argv[1]), joined), "", None
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
