#!/usr/bin/env python3
"""Writes tokens.json: access tokens made by LiveKit's own Python SDK.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install livekit-api==1.2.2
    /tmp/venv/bin/python make.py > tokens.json

The SDK stamps tokens with the present time; `issued` tells the tests when that was.
"""

import datetime
import json
import sys

import jwt
from livekit import api

KEY, SECRET = "devkey", "a secret of no importance, but long enough"


def token():
    return api.AccessToken(KEY, SECRET).with_ttl(datetime.timedelta(minutes=10))


def main():
    joining = (
        token().with_identity("ann").with_name("Ann Ä").with_metadata('{"a":1}').with_attributes({"role": "host"})
        .with_kind("agent").with_room_preset("large").with_room_config(
            api.RoomConfiguration(name="lobby", empty_timeout=30, max_participants=7, metadata="m"))
        .with_grants(api.VideoGrants(
            room_join=True, room="lobby", can_publish_sources=["camera", "screen_share"], can_publish_data=False,
            can_update_own_metadata=True, hidden=True)))
    service = token().with_grants(api.VideoGrants(room_create=True, room_list=True, room_admin=True, room="lobby"))
    tokens = {
        "joining": joining.to_jwt(),
        "service": service.with_sip_grants(api.SIPGrants(admin=True)).to_jwt(),
        "webhook": token().with_sha256("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=").to_jwt(),
    }
    issued = jwt.decode(tokens["joining"], options={"verify_signature": False})["nbf"]
    json.dump({"key": KEY, "secret": SECRET, "issued": issued, "tokens": tokens}, sys.stdout, indent=1)
    sys.stdout.write("\n")


main()
