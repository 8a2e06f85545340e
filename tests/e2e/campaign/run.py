"""The same campaign from the program (Rust), Python and Node, and one that goes on in another.

    run.py PROGRAM NODE-FOLDER

Runs with a Python that has callcta installed. NODE-FOLDER is the built `bindings/node`.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from callcta.campaign import Campaign
from callcta.testing import Emulator

PAGES = {"100000000000001": "token-1", "100000000000002": "token-2"}
MESSAGE = '{"text": "Dear {{ name }}, we are open.", "metadata": "{{ key }}"}'
SECONDS = 120

NODE = """
import { Campaign } from 'callcta/campaign';
const [journal, people, message, baseUrl, tokens] = process.argv.slice(1);
const campaign = new Campaign(journal);
if (people !== '') {
  const plan = await campaign.plan(JSON.parse(people), message);
  if (!plan.ok) throw new Error(JSON.stringify(plan));
}
const run = campaign.run(JSON.parse(tokens), { baseUrl, pace: Infinity, everyMs: 10 });
for await (const { rows, states, done } of run) {
  const sum = Object.values(states).reduce((one, two) => one + two);
  if (sum !== rows || done > rows) throw new Error('counts do not add up');
}
console.log(JSON.stringify(await run));
"""

PYTHON = """
import json, sys
from callcta.campaign import Campaign
journal, url, tokens = sys.argv[1:]
Campaign(journal).run(json.loads(tokens), base_url=url, pace=300)
"""


def people(count):
    pages = list(PAGES)
    return [
        {"psid": f"{n:016}", "key": f"order-{n}", "page": pages[n % 2], "name": f"Zoë {n}"}
        for n in range(count)
    ]


def emulator():
    pages = {page: {"tokens": [{"token": token}]} for page, token in PAGES.items()}
    return Emulator(state={"pages": pages, "strangers": "welcome"}, keep_messages=10_000)


def refuse_some(emulator, rows):
    """Some people can't be written to, one answer gets lost."""
    for row, code in zip(rows[3:6], [(10, 2018278), (551, 1545041), (100, 2018001)], strict=True):
        fault = {"status": 400, "code": code[0], "subcode": code[1]}
        emulator.arm("graph", match={"recipient": row["psid"]}, **fault)
    emulator.arm("drop", apply="after", match={"recipient": rows[9]["psid"]})


def told(campaign):
    """The rows as they are exported, but for what is another one each time."""
    another = {"callcta_message_id", "callcta_claimed_at", "callcta_settled_at"}
    another |= {"callcta_trace_id", "callcta_sent_as"}
    return [
        {name: value for name, value in row.items() if name not in another}
        for row in campaign.rows()
    ]


def by_program(program, folder, rows, url):
    with (folder / "people.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    (folder / "message.json").write_text(MESSAGE)
    (folder / "tokens").mkdir()
    for page, token in PAGES.items():
        (folder / "tokens" / page).write_text(token)
    journal = folder / "program.journal"
    command = [
        program, "campaign", "run", folder / "people.csv", "--message", folder / "message.json",
        "--journal", journal, "--tokens", folder / "tokens", "--base-url", url, "--pace", "none",
        "--progress", "json", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 4, done  # one is unknown
    for line in done.stderr.splitlines():
        if line.startswith("{"):
            snapshot = json.loads(line)
            assert sum(snapshot["states"].values()) == snapshot["rows"]
    return Campaign(journal), json.loads(done.stdout)["states"]


def by_python(folder, rows, url):
    campaign = Campaign(folder / "python.journal")
    snapshots = []
    assert campaign.plan(iter(rows), MESSAGE).ok
    standing = campaign.run(
        PAGES, base_url=url, pace=None, on_progress=snapshots.append, every=0.01
    )
    assert all(sum(it.states.values()) == it.rows for it in snapshots)
    return campaign, dict(standing.states)


def node(folder, journal, given, url):
    command = ["node", "--input-type=module", "-e", NODE]
    arguments = [str(journal), given, MESSAGE, url, json.dumps(PAGES)]
    done = subprocess.run(
        command + arguments, cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return Campaign(journal), json.loads(done.stdout)["states"]


def the_same_everywhere(program, node_folder):
    rows = people(300)
    results = {}
    for language in ("program", "python", "node"):
        with emulator() as platform, tempfile.TemporaryDirectory() as name:
            refuse_some(platform, rows)
            folder = Path(name)
            if language == "program":
                campaign, states = by_program(program, folder, rows, platform.url)
            elif language == "python":
                campaign, states = by_python(folder, rows, platform.url)
            else:
                journal = folder / "node.journal"
                campaign, states = node(node_folder, journal, json.dumps(rows), platform.url)
            arrived = Counter(it.body["message"]["metadata"] for it in platform.messages())
            results[language] = states, told(campaign), arrived
    first = results.pop("program")
    assert first[0]["sent"] == 296 and first[0]["rejected"] == 3 and first[0]["unknown"] == 1
    assert set(first[2].values()) == {1} and len(first[2]) == 297
    for language, result in results.items():
        assert result == first, language
    print("the same campaign from the program, Python and Node: equal journals")


def killed_in_python_and_gone_on_in_node(node_folder):
    rows = people(600)
    with emulator() as platform, tempfile.TemporaryDirectory() as name:
        campaign = Campaign(Path(name) / "journal")
        assert campaign.plan(rows, MESSAGE).ok
        for kill in range(1, 4):
            command = [sys.executable, "-c", PYTHON, campaign.journal, platform.url]
            process = subprocess.Popen([*command, json.dumps(PAGES)])
            while platform.posts < 100 * kill:
                assert process.poll() is None
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        _, states = node(node_folder, campaign.journal, "", platform.url)
        arrived = Counter(it.body["message"]["metadata"] for it in platform.messages())
        assert set(arrived.values()) == {1}
        assert (states["queued"], states["in_flight"]) == (0, 0)
        assert states["sent"] + states["unknown"] == len(rows)
        for row in campaign.rows():
            assert row["callcta_state"] == "unknown" or arrived[row["key"]] == 1
        unknown = states["unknown"]
    print(f"killed three times in Python, gone on in Node: nothing twice, {unknown} unknown")


def main(program, node_folder):
    the_same_everywhere(program, node_folder)
    killed_in_python_and_gone_on_in_node(node_folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
