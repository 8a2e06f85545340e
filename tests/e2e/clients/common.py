"""What the Python clients share: the emulator's facts, and where Graph is."""

import json
import os

import requests

READY = json.loads(os.environ["EMULATOR"])
URL, TOKEN, PSID = READY["url"], READY["access_token"], READY["psids"][0]
CALL = {"type": "audio_call", "title": "Call Now", "expires_in_days": 5}


def redirect():
    """Sends what a client writes to Meta's own host to the emulator, and nothing else elsewhere."""
    ask = requests.Session.request

    def asked(session, method, url, **more):
        return ask(session, method, url.replace("https://graph.facebook.com", URL), **more)

    requests.Session.request = asked


def check(what, answer, expected):
    """The answer has these members; those of an error are looked for in it."""
    print(f"{what}: {json.dumps(answer)}")
    got = {key: answer.get(key, answer.get("error", {}).get(key)) for key in expected}
    assert got == expected, f"{what}: expected {expected}"


def state():
    return requests.get(f"{URL}/_emulator/state", timeout=10).json()


def first_name():
    return state()["people"][PSID]["name"].split()[0]
