"""Campaigns by Spark, on a cluster whose processes are killed.

    scenarios.py PROGRAM FOLDER [--long]

Counts what the emulated platform received, as tests/postgres does for plain workers.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

HERE = pathlib.Path(__file__).parent
sys.path.insert(1, str(HERE.parent / "postgres"))

import refusals
from cluster import Cluster
from run import LEASE, MOST, PACE, Campaign, Server, log, url, world

SECRETS = ("T1000", "hunter2")


def wait(job, what, seconds=420):
    job.wait(seconds)
    told = pathlib.Path(job.log).read_text()
    assert what in told, told[-6000:]
    return told


def options(it, server, name, **more):
    return {
        "journal": server.url,
        "campaign": name,
        "message": str(it.folder / "card.json"),
        "base_url": it.address,
        "tokens": str(it.folder / "tokens"),
        "pace": str(PACE),
        "lease_time": str(LEASE),
        **more,
    }


def rows(it):
    return str(it.folder / "people.csv")


def kill(cluster, find, what):
    """Kills one of those that are found, once there are some."""
    end = time.monotonic() + 120
    while not (found := find()):
        assert time.monotonic() < end, f"there is no {what}"
        time.sleep(0.05)
    os.kill(found[0], signal.SIGKILL)
    log(f"killed: {what}")


def drained(program, folder, server, cluster, name, count, pages, kills, partitions, **settings):
    """Loads and sends; of what is killed meanwhile nobody notices anything."""
    with world(program, folder, name, count, pages, drop=0.01) as it:
        began = time.monotonic()
        job = cluster.job(
            name,
            rows=rows(it),
            partitions=partitions,
            writes=[options(it, server, name, send="true")],
            settings=cluster.settings(**settings),
            window="2099-12-31T23:00:00-01:00",
        )
        for share, what in kills:
            it.wait_for(int(count * share), 240)
            find = cluster.executors if what == "executor" else cluster.python_workers
            kill(cluster, find, f"{what}, at {share:.0%}")
        places = cluster.listening(job.pid)
        assert len(places) >= 6 and all(
            place.removeprefix("::ffff:").startswith("127.") for place in places
        ), places
        told = wait(job, "\nwritten\n")
        log(f"written after {time.monotonic() - began:.0f} s")
        assert not any(secret in told for secret in SECRETS)
        campaign = Campaign(it, url(server, name))
        campaign.check()
        # Whatever the zones of the session and the executors.
        exported = campaign.run("export", "--format", "json-lines").stdout.splitlines()
        windows = {datetime.fromisoformat(json.loads(row)["window_until"]) for row in exported}
        assert windows == {datetime(2100, 1, 1, tzinfo=UTC)}, windows
        left = campaign.status()["states"]
        assert left["queued"] == left["in_flight"] == 0, left
        most = campaign.busiest()
        assert most <= MOST, f"{most} messages of a Page within a second"


def refused(program, folder, server, cluster):
    """What is refused is told by Spark itself, and nothing was loaded; so is an end too early."""
    with world(program, folder, "refused", 40, 4) as it:
        (it.folder / "tokens" / it.pages[1]).unlink()
        with_password = server.url.replace("postgres@", "postgres:hunter2@")
        assert with_password != server.url
        writes = [
            {"pase": "5"},
            {"message": '{"text": "{{ town }}"}'},
            {"access_token": "hunter2"},
            {"journal": with_password},
            {"send": "true"},
        ]
        job = cluster.job(
            "refused",
            rows=rows(it),
            partitions=2,
            settings=cluster.settings(),
            writes=[options(it, server, "refused", **more) for more in writes],
        )
        told = wait(job, "the campaign has not been sent to its end: ")
        for words in (
            "there is no option pase; did you mean pace?",
            "no column for these placeholders: town",
            "access_token is no option",
            "the journal's address has a password",
            f"there is no access token for the Page {it.pages[1]}",
        ):
            assert words in told, told[-6000:]
        assert told.count("refused: ") == len(writes)
        states = Campaign(it, url(server, "refused")).status()["states"]
        assert states["queued"] > 0 and states["sent"] + states["queued"] == 40, states


def streamed(program, folder, server, cluster):
    """A stream whose driver dies when all is loaded, before Spark has written that down."""
    with world(program, folder, "streamed", 600, 4) as it:
        stuck = it.folder / "stuck"
        source = it.folder / "source"
        source.mkdir()
        shutil.copy(rows(it), source)
        given = {
            "rows": str(source),
            "stream": str(it.folder / "checkpoint"),
            "writes": [options(it, server, "streamed")],
            "settings": cluster.settings(),
        }
        first = cluster.job("stream-1", stuck=str(stuck), **given)
        end = time.monotonic() + 180
        while not stuck.exists():
            assert first.poll() is None and time.monotonic() < end, pathlib.Path(
                first.log
            ).read_text()[-3000:]
            time.sleep(0.05)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        commits = it.folder / "checkpoint/commits"
        assert not list(commits.glob("[0-9]*")), "the driver died too late"
        campaign = Campaign(it, url(server, "streamed"))
        before = campaign.status()
        assert before["states"]["queued"] == before["rows"] == 600, before
        wait(cluster.job("stream-2", **given), "\nwritten\n")
        assert [path.name for path in commits.glob("[0-9]*")] == ["0"]
        assert campaign.status() == before
        workers = [campaign.worker(pace="none") for _ in range(2)]
        for worker in workers:
            campaign.wait(worker, codes=(0,))
        met = campaign.check()
        assert met == {("sent", 1): 600}, met


def guide(program, folder, server, cluster):
    """What the guide shows."""
    page = (HERE.parents[1] / "docs/guides/spark.md").read_text()
    load, status, stream, *_ = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    with world(program, folder, "guide", 60, 3) as it:
        source = it.folder / "source"
        source.mkdir()
        shutil.copy(rows(it), source)
        reading = 'spark.readStream.option("header", True)'
        reading += f'.schema("psid string, key string, page string, name string").csv("{source}")'
        code = f"{load}\n{status}\nstream = {reading}\nstarted = {stream}started.processAllAvailable()\n"
        for shown, real in [
            ("postgresql://db.example/callcta", server.url),
            ("people.csv", rows(it)),
            ("greeting.json", str(it.folder / "card.json")),
            ("/etc/callcta/tokens", str(it.folder / "tokens")),
            ("/checkpoints/welcome", str(it.folder / "checkpoint")),
            ('"send", "true")', f'"send", "true").option("base_url", "{it.address}")'),
        ]:
            assert shown in code, f"the guide doesn't show {shown}"
            code = code.replace(shown, real)
        wait(cluster.program("guide", code), "'sent': 60")
        Campaign(it, url(server, "autumn")).check()
        assert Campaign(it, url(server, "welcome")).status()["states"]["queued"] == 60


def written_down(cluster):
    """What Spark keeps of all that, in its logs and those of its executors."""
    speculative = sum(event["Task Info"]["Speculative"] for event in cluster.events_of("TaskStart"))
    stages = [
        event["Stage Info"]["Stage Attempt ID"] for event in cluster.events_of("StageSubmitted")
    ]
    failed = sum(
        event["Task End Reason"]["Reason"] != "Success" for event in cluster.events_of("TaskEnd")
    )
    log(
        f"Spark: {len(stages)} stages, {sum(attempt > 0 for attempt in stages)} of them again; "
        f"{failed} tasks failed, {speculative} speculative"
    )
    for path in cluster.folder.rglob("*"):
        if path.is_file() and path.suffix not in (".jar", ".data", ".index"):
            text = path.read_bytes()
            for secret in SECRETS:
                assert secret.encode() not in text, f"{path} has a secret"
    return speculative, sum(attempt > 0 for attempt in stages)


def main():
    program, folder, *flags = sys.argv[1:]
    program, folder = str(pathlib.Path(program).resolve()), pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder / "server")
    try:
        subprocess.run([program, "campaign", "migrate", "--journal", server.url], check=True)
        refusals.run(server.url)
        log("the cluster starts")
        cluster = Cluster(folder / "cluster")
        try:
            log("the cluster is there")
            if "--long" not in flags:
                kills = [(0.2, "Python worker"), (0.5, "executor")]
                drained(program, folder, server, cluster, "drained", 800, 8, kills, 6)
                refused(program, folder, server, cluster)
            else:
                kills = [(0.1, "Python worker"), (0.25, "executor"), (0.5, "Python worker")]
                # A copy of each task of a stage that leaves room for that, and of slow ones.
                copies = {
                    "spark.speculation": "true",
                    "spark.speculation.interval": "500ms",
                    "spark.speculation.multiplier": "1.1",
                    "spark.speculation.quantile": "0.1",
                    "spark.speculation.task.duration.threshold": "3s",
                }
                # So many partitions that the last ones are read when the executor is dead.
                drained(
                    program, folder, server, cluster, "everything", 5000, 20, kills, 15, **copies
                )
                kills = [(0.6, "Python worker")]
                drained(program, folder, server, cluster, "copied", 1600, 8, kills, 2, **copies)
                streamed(program, folder, server, cluster)
                refused(program, folder, server, cluster)
                guide(program, folder, server, cluster)
            speculative, again = written_down(cluster)
            if "--long" in flags:
                assert speculative, "no copy of a task was tried"
                assert again, "no stage was tried again"
        finally:
            cluster.stop()
    finally:
        server.stop()
    log("all is well")


main()
