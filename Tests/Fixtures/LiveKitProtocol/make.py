#!/usr/bin/env python3
"""Writes messages.json: LiveKit messages as another implementation encodes them.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install livekit-protocol==1.1.29 livekit-api==1.2.2
    /tmp/venv/bin/python make.py > messages.json

Each entry holds a message's name and its encodings by Google's protobuf library: the wire format in hexadecimal digits
(fields in order, maps sorted by key) and both JSON styles. Every message of the protocol comes once with all fields filled
from a fixed seed; a few more are written by hand for what chance does not reach.
"""

import json
import random
import sys

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor
from livekit.protocol import agent_dispatch, metrics, models, room, rtc, webhook

FILES = ["livekit_models.proto", "livekit_rtc.proto", "livekit_room.proto", "livekit_agent_dispatch.proto",
         "livekit_metrics.proto", "livekit_webhook.proto"]
# Recording, ingress and agent workers are not part of this server.
LEFT_OUT = {"EgressInfo", "IngressInfo", "Job", "RoomCompositeEgressRequest", "AutoTrackEgress",
            "AutoParticipantEgress"}
# Never on the wire between clients and server: state that the nodes of a cluster exchange, and unused types.
INTERNAL = {
    "DataTrackExtensionParticipantSid", "DependencyDescriptorForwarderState", "Encryption", "FilterParams",
    "ListUpdate", "MetricsRecordingHeader", "Pagination", "PlayoutDelay", "RTCPSenderReportState", "RTPDrift",
    "RTPForwarderState", "RTPMungerState", "RTPStats", "RoomAgent", "TokenPagination", "VP8MungerState",
    "WebhookConfig",
}
INTEGERS = {
    FieldDescriptor.TYPE_INT32: [1, -1, 127, 128, -(2**31), 2**31 - 1],
    FieldDescriptor.TYPE_UINT32: [1, 127, 128, 2**32 - 1],
    FieldDescriptor.TYPE_INT64: [1, -1, 2**53 + 1, -(2**63), 2**63 - 1],
    FieldDescriptor.TYPE_UINT64: [1, 2**53 + 1, 2**64 - 1],
}
TEXTS = ["a", "PA_xyz", "zwölf", "日本", "🎧", 'quote " and \\', "line\nfeed\ttab\u0001", "long " * 30]


def scalar(field, dice):
    if field.type in INTEGERS:
        return dice.choice(INTEGERS[field.type])
    if field.type == FieldDescriptor.TYPE_STRING:
        return dice.choice(TEXTS)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return bytes(dice.randrange(256) for _ in range(dice.randrange(1, 6)))
    if field.type == FieldDescriptor.TYPE_BOOL:
        return True
    if field.type == FieldDescriptor.TYPE_ENUM:
        return dice.choice([value.number for value in field.enum_type.values])
    return dice.choice([0.5, -2.25, 1e10])


def fill(message, dice, depth):
    chosen = {oneof.name: dice.choice(list(oneof.fields)) for oneof in message.DESCRIPTOR.oneofs}
    for field in message.DESCRIPTOR.fields:
        nested = field.message_type
        if nested is not None and nested.name in LEFT_OUT:
            continue
        if field.containing_oneof and chosen[field.containing_oneof.name] is not field:
            continue
        target = getattr(message, field.name) if nested is not None or field.is_repeated else None
        if nested is not None and nested.GetOptions().map_entry:
            for key in ("b", "a") if nested.fields_by_name["key"].type == FieldDescriptor.TYPE_STRING else (300,):
                if nested.fields_by_name["value"].message_type is not None:
                    fill(target[key], dice, depth - 1)
                else:
                    target[key] = scalar(nested.fields_by_name["value"], dice)
        elif nested is not None and nested.full_name == "google.protobuf.Timestamp":
            target.seconds, target.nanos = dice.choice([(0, 1), (1709208000, 250_000_000), (-1, 1_000)])
        elif nested is not None:
            if depth > 0:
                fill(target.add() if field.is_repeated else target, dice, depth - 1)
            elif not field.is_repeated:
                target.SetInParent()
        elif field.is_repeated:
            target.extend(scalar(field, dice) for _ in range(2))
        else:
            setattr(message, field.name, scalar(field, dice))


def entry(message):
    return {
        "message": message.DESCRIPTOR.full_name.removeprefix("livekit."),
        "wire": message.SerializeToString(deterministic=True).hex(),
        "compact": json_format.MessageToDict(message),
        "complete": without_jobs(json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)),
    }


def without_jobs(value):
    """Without the one list of a left-out type that JSON shows although it is empty."""
    if isinstance(value, dict):
        return {key: without_jobs(inner) for key, inner in value.items() if key != "jobs"}
    return [without_jobs(inner) for inner in value] if isinstance(value, list) else value


def every_message():
    def nested(descriptor):
        if descriptor.name in LEFT_OUT | INTERNAL or descriptor.GetOptions().map_entry:
            return
        if descriptor.fields or not descriptor.nested_types:
            yield descriptor
        for inner in descriptor.nested_types:
            yield from nested(inner)

    pool = descriptor_pool.Default()
    for file in FILES:
        for descriptor in pool.FindFileByName(file).message_types_by_name.values():
            yield from nested(descriptor)


def by_hand():
    yield models.ParticipantInfo()
    yield rtc.JoinResponse(room=models.Room(), ping_interval=-5)
    # An enum value that no schema knows, a negative one, and a packed list with both.
    yield models.ParticipantInfo(state=77, kind=-1, kind_details=[-1, 99, 0])
    # Presence: default values that must be written all the same.
    yield rtc.ConnectionSettings(subscriber_allow_pause=False)
    yield models.UserPacket(topic="", id="", start_time=0)
    yield rtc.SignalRequest(ping=0)
    yield rtc.SimulateScenario(speaker_update=-1)
    yield models.SpeakerInfo(level=-0.0)
    yield rtc.SessionDescription(type="offer", sdp="v=0\r\n" * 40, mid_to_track_id={"0": "TR_A", "1": ""})
    yield rtc.SessionDescription(mid_to_track_id={"": "TR_B"})


def main():
    entries = []
    for descriptor in every_message():
        message = message_factory.GetMessageClass(descriptor)()
        fill(message, random.Random(descriptor.full_name), 2)
        entries.append(entry(message))
    entries += [entry(message) for message in by_hand()]
    json.dump(entries, sys.stdout, ensure_ascii=False, indent=0, separators=(",", ":"))
    sys.stdout.write("\n")


main()
