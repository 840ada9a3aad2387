"""The OpenAPI document against the running server: requests made from it find no fault of ours, and every answer is one
that it describes."""

import subprocess
import sys

import pytest

from community import Community

# They end the session or the account that the requests are made with.
ENDING = [
    "logout", "logoutAlias", "revokeOtherSessions", "revokeSession", "changePassword", "resetPassword", "eraseMe", "eraseUser",
    "refresh", "refreshAlias",
]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture
def community():
    running = Community()
    yield running
    running.stop()


def test_requests_made_from_the_document_find_no_fault(community, tmp_path):
    excluded = [word for name in ENDING for word in ("--exclude-operation-id", name)]
    # A method that HTTP itself does not define is answered by 501, as RFC 9110 wants it; that is no fault.
    (tmp_path / "schemathesis.toml").write_text('[phases.coverage]\nunexpected-methods = ["TRACE", "PUT", "DELETE", "PATCH"]\n')
    # What a schema cannot say, like which ids exist, is not asked for here: the authorisation matrix and the tests of each
    # route do that.
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{community.server.url}/api/openapi.json",
         "-H", f"Authorization: Bearer {community.owner.token}", "--checks", CHECKS, "--max-examples", "5",
         "--phases", "coverage,fuzzing", "--seed", "1", "-w", "1", "--no-color", *excluded],
        cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "api.failed" not in community.server.output()


def test_the_document_names_no_shape_that_it_lacks(community):
    document = community.call("GET", "/openapi.json").json
    named, used = set(document["components"]["schemas"]), set()

    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value:
                used.add(value["$ref"].rsplit("/", 1)[1])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)
    assert used <= named
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names)) > 80


def test_the_documentation_needs_no_script(community):
    answer = community.call("GET", "/docs")
    assert answer.status == 200 and b"<script" not in answer.body
    assert "default-src 'none'" in answer.headers["content-security-policy"]
