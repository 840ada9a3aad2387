"""Firefox takes no part in ICE over loopback, so its scenarios run in a network namespace with one real interface."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

NETWORK = """
set -e
ip link set lo up
ip link add near type veth peer name far
ip address add 10.77.0.1/24 dev near
ip link set near up
ip link set far up
ip route add default via 10.77.0.2
exec "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="a network namespace needs root and iproute2")
def test_firefox_hears_sees_and_is_seen():
    scenarios = pathlib.Path(__file__).with_name("firefox_scenarios.py")
    result = subprocess.run(
        ["unshare", "--net", "sh", "-c", NETWORK, "sh", sys.executable, "-m", "pytest", "-q", "-x", str(scenarios)],
        env={**os.environ, "TEST_MEDIA_ADDRESS": "10.77.0.1"}, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout[-4_000:] + result.stderr[-1_000:]
