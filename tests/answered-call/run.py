"""Lets aiortc answer a call of the emulator's person, and compares what both sides counted."""

import json
import os
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
# aioice leaves loopback out, and nothing here may go further.
ON_LOOPBACK = (
    "import runpy, sys, aioice.ice as ice;"
    "ice.get_host_addresses = lambda use_ipv4, use_ipv6: ['127.0.0.1'];"
    "runpy.run_path(sys.argv[1], run_name='__main__')"
)


def control(method: str, url: str, what: str, body: object = None) -> dict:
    """Asks the emulator for something."""
    request = urllib.request.Request(
        f"{url}/_emulator/{what}",
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def main() -> None:
    person_program, python = sys.argv[1:]
    person = subprocess.Popen(
        [person_program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    ready = json.loads(person.stdout.readline())
    settings = {
        "CALLCTA_BASE_URL": ready["url"],
        "CALLCTA_PAGE_ID": ready["page_id"],
        "CALLCTA_ACCESS_TOKEN": ready["access_token"],
        "CALLCTA_APP_SECRET": ready["app_secret"],
        "CALLCTA_PSID": ready["psids"][0],
    }
    answer = subprocess.Popen(
        [python, "-c", ON_LOOPBACK, os.path.join(HERE, "answer.py")],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    url = answer.stdout.readline().strip()
    control("PATCH", ready["url"], "state", {"webhook": {"url": url}})
    messages = control("GET", ready["url"], "messages/wait?count=1&timeout_ms=60000")["messages"]
    control("POST", ready["url"], "tap", {"message_id": messages[0]["message_id"]})
    told = answer.communicate(timeout=120)[0].strip()
    assert answer.returncode == 0, answer.returncode
    counts = json.loads(person.communicate(timeout=60)[0].splitlines()[-1])
    print(f"aiortc, the business: {told}")
    print(f"str0m, the person: {counts['received']} frames heard, {counts['sent']} sent")
    assert told.startswith(counts["call_id"]), told
    assert counts["completed"], counts
    assert counts["sent"] >= 50 and counts["received"] >= 25, counts


main()
