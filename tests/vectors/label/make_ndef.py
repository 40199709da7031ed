#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes ndef.json: messages as ndeflib encodes them (pip install ndeflib==0.3.3)."""
import json
import pathlib

import ndef

SETUP = '{"ver":"v1","name":"PROV_01b1e8","username":"wifiprov","pop":"abcd2345","transport":"ble","security":2}'
DPP = "DPP:V:2;K:MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADyDsICYUS17d0csN0AhhbTYx6pMLLVZC0AirpWH4IKgA=;;"
LINK = "https://www.pumps.example/P7/SN-0017"

media = "application/vnd.fairlead.setup+json"
with_id = ndef.UriRecord("http://pumps.example/1")
with_id.name = "main"
MESSAGES = {
    "a link": ([ndef.UriRecord(LINK)], LINK),
    "a link with an id": ([with_id], "http://pumps.example/1"),
    "Easy Connect": ([ndef.UriRecord(DPP)], DPP),
    "a setup label": ([ndef.Record(media, "", SETUP.encode())], SETUP),
    "a setup label longer than 255 bytes":
        ([ndef.Record(media, "", SETUP[:-1].encode() + b',"id":"https://pumps.example/' + b"x" * 200 + b'"}')],
         SETUP[:-1] + ',"id":"https://pumps.example/' + "x" * 200 + '"}'),
    "a text, then a link": ([ndef.TextRecord("Pump 7"), ndef.UriRecord(LINK)], LINK),
}

out = [{"name": name, "text": text, "hex": b"".join(ndef.message_encoder(records)).hex(),
        "records": len(records)} for name, (records, text) in MESSAGES.items()]
path = pathlib.Path(__file__).with_name("ndef.json")
path.write_text(json.dumps(out, indent=1) + "\n")
