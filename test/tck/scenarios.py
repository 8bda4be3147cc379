"""A pytest plugin for the conformance kit: lets its tests choose what our agent does, and writes down how they went.

The kit says what it wants of an agent by the prefix of a messageId; the model behind ours does what a script in its prompt
says. So a message with a prefix from below gets the script as one more text part, before the kit's own client sends it, and
what its caller wishes of the answer. Everything else of the kit runs as it is, and nothing stands between it and the gateway.
"""

import functools
import json
import os
import pathlib

from tck.transport.grpc_client import GrpcClient
from tck.transport.http_json_client import HttpJsonClient
from tck.transport.jsonrpc_client import JsonRpcClient


def say(text, chunk=1024):
    return {"t": "text", "value": text, "chunk": chunk}


ASK = {
    "t": "tool",
    "name": "question",
    "args": {"questions": [{"question": "What now?", "header": "Next", "options": [{"label": "Go on", "description": "Go on"}]}]},
}


def write(path, content):
    """The agent writes a file, and says nothing about it."""
    return {"t": "tool", "name": "write", "args": {"filePath": path, "content": content}}


SCENARIOS = {
    "tck-complete-task": say("Hello from TCK"),
    "tck-input-required": ASK,
    "tck-artifact-text": say("Generated text content"),
    "tck-artifact-file": write("output.txt", "Generated file content"),
    "tck-artifact-data": write("output.json", json.dumps({"key": "value", "count": 42})),
    "tck-message-response": say("Direct message response"),
    "tck-stream-001": say("Stream hello from TCK"),
    "tck-stream-003": say("Stream task lifecycle"),
    "tck-stream-ordering-001": say("Ordered output"),
}

# What a caller says beside its message to get what the scenario is about.
WISHES = {
    "tck-artifact-data": {"configuration": {"acceptedOutputModes": ["text/plain", "application/json"]}},
    "tck-message-response": {"metadata": {"opencode": {"reply": "message"}}},
}


def scripted(message):
    operation = scenario_of(message, SCENARIOS)
    if operation is None:
        return message
    calls = [[operation], []] if operation.get("name") == "write" else [[operation]]
    return {**message, "parts": [*message["parts"], {"text": f"SCRIPT:{json.dumps(calls)}"}]}


def scenario_of(message, scenarios):
    return next((scenarios[prefix] for prefix in scenarios if message["messageId"].startswith(prefix)), None)


def send_scripted(send):
    @functools.wraps(send)
    def sending(client, message, **options):
        return send(client, scripted(message), **{**(scenario_of(message, WISHES) or {}), **options})

    return sending


def pytest_configure(config):
    config.pluginmanager.register(Outcomes(os.environ["TCK_OUTCOMES"]))
    for client in (GrpcClient, HttpJsonClient, JsonRpcClient):
        client.send_message = send_scripted(client.send_message)
        client.send_streaming_message = send_scripted(client.send_streaming_message)


def outcome_of(report):
    if hasattr(report, "wasxfail"):
        return "xfailed", report.wasxfail
    if report.skipped:
        return "skipped", report.longrepr[2]
    return report.outcome, report.longreprtext


class Outcomes:
    """What came of each test: the first phase of it that did not pass says it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.tests = {}

    def pytest_runtest_logreport(self, report):
        test = report.nodeid.removeprefix("tests/compatibility/")
        outcome, detail = outcome_of(report)
        if self.tests.get(test, {"outcome": "passed"})["outcome"] == "passed":
            self.tests[test] = {"outcome": outcome, "detail": detail}

    def pytest_sessionfinish(self):
        self.path.write_text(json.dumps(self.tests))
