"""A client generated from proto/: works with a session over gRPC, and reads REST answers with protobuf's own JSON parser.

Usage: client.py GRPC_ADDRESS HTTP_URL FILE SIZE, where FILE in the workspace holds SIZE bytes, each its own offset modulo 256.
"""

import json
import sys
import urllib.request

import grpc
from google.protobuf import json_format

import event_pb2
import event_pb2_grpc
import file_pb2
import file_pb2_grpc
import message_pb2
import message_pb2_grpc
import session_pb2
import session_pb2_grpc
import tool_pb2
import tool_pb2_grpc
from v1 import common_pb2, opencode_service_pb2, opencode_service_pb2_grpc

SCRIPT = [
    [{"t": "tool", "name": "bash", "args": {"command": "echo hello", "description": "Say hello"}}],
    [{"t": "text", "value": "The command said hello."}, {"t": "usage", "input": 10, "output": 5}],
]


def check(fact, what):
    if not fact:
        raise AssertionError(what)
    print(f"  python: {what}")


class Client:
    def __init__(self, grpc_address, http_url):
        channel = grpc.insecure_channel(grpc_address)
        self.http_url = http_url
        self.sessions = session_pb2_grpc.SessionServiceStub(channel)
        self.messages = message_pb2_grpc.MessageServiceStub(channel)
        self.permissions = tool_pb2_grpc.PermissionServiceStub(channel)
        self.events = event_pb2_grpc.EventServiceStub(channel)
        self.workspace = opencode_service_pb2_grpc.OpenCodeServiceStub(channel)
        self.files = file_pb2_grpc.FileServiceStub(channel)

    def run_turn(self, session_id):
        """Streams a turn to its end and allows what it asks for."""
        prompt = message_pb2.MessagePart(text=message_pb2.TextPart(text="SCRIPT:" + json.dumps(SCRIPT)))
        request = message_pb2.SendMessageRequest(session_id=session_id, parts=[prompt])
        events = []
        for event in self.messages.StreamMessage(request):
            events.append(event)
            if event.WhichOneof("event") == "permission_created":
                permission = event.permission_created.permission
                answer = tool_pb2.PermissionResponse(session_id=session_id, permission_id=permission.id, response="once")
                self.permissions.RespondToPermission(answer)
        return events

    def events_until(self, session_id, sequence):
        """Durable events from the beginning on, over gRPC."""
        request = event_pb2.SubscribeSessionEventsRequest(session_id=session_id, after_sequence=0, durable_only=True)
        call = self.events.SubscribeSessionEvents(request)
        try:
            return take_until(call, sequence)
        finally:
            call.cancel()

    def rest_events_until(self, session_id, sequence):
        """The same over REST, a JSON object a line."""
        with self.open(f"/sessions/{session_id}/events?afterSequence=0&durableOnly=true") as lines:
            events = (json_format.ParseDict(json.loads(line)["result"], event_pb2.GlobalEvent()) for line in lines)
            return take_until(events, sequence)

    def rest(self, path, message):
        with self.open(path) as answer:
            return json_format.Parse(answer.read(), message)

    def open(self, path):
        return urllib.request.urlopen(self.http_url + path, timeout=60)


def take_until(events, sequence):
    taken = []
    for event in events:
        if not event.HasField("sequence"):
            continue
        taken.append(event)
        if event.sequence >= sequence:
            return taken
    raise AssertionError(f"the events ended before {sequence}")


def read_file(client, session_id, path, size):
    answer = client.files.ReadFile(file_pb2.ReadFileRequest(session_id=session_id, path=path))
    check(answer.data == bytes(offset % 256 for offset in range(size)), "reads a binary file")


def main(grpc_address, http_url, path, size):
    client = Client(grpc_address, http_url)
    health = client.workspace.Health(opencode_service_pb2.HealthRequest())
    check(health.status == common_pb2.HEALTH_STATUS_SERVING, "asks for the gateway's health")
    session = client.sessions.CreateSession(session_pb2.CreateSessionRequest(title="python", labels={"client": "python"}))
    check(session.id.startswith("ses_"), "creates a session")

    events = client.run_turn(session.id)
    kinds = {event.WhichOneof("event") for event in events}
    check({"permission_created", "permission_replied"} <= kinds, "answers a permission request")
    check(events[-1].turn_updated.state == event_pb2.TURN_STATE_COMPLETED, "streams a turn to its end")
    read_file(client, session.id, path, size)

    last = max(event.sequence for event in events)
    durable = client.events_until(session.id, last)
    check(len(durable) > 3, "subscribes to the session's events")
    check(client.rest_events_until(session.id, last) == durable, "reads the same events from REST")

    over_grpc = client.sessions.GetSession(session_pb2.GetSessionRequest(session_id=session.id))
    check(client.rest(f"/sessions/{session.id}", session_pb2.SessionInfo()) == over_grpc, "reads the same session from REST")
    history = client.messages.ListMessages(message_pb2.ListMessagesRequest(session_id=session.id))
    same = client.rest(f"/sessions/{session.id}/messages", message_pb2.ListMessagesResponse()) == history
    check(same and len(history.messages) > 1, "reads the same messages from REST")


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))
