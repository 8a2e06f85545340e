"""Campaigns whose journal is in PostgreSQL, run by several processes that are killed, stopped
and cut off, against a server that is killed too.

    run.py PROGRAM FOLDER [--long] [SCENARIO...]

Counts what the emulated platform received: nobody twice, and nobody left out whom the journal
takes for sent.
"""

import collections
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
BEGAN = time.monotonic()
LEASE = 5
PACE = 40
#: Above the pace: late starts that are made up for, and the moment of a takeover.
MOST = 60


def log(*words):
    print(f"[{time.monotonic() - BEGAN:6.1f}]", *words, flush=True)


class Server:
    def __init__(self, folder):
        self.folder = folder
        # What a careless administrator sets, and so long that what wasn't waited for is lost.
        conf = folder.parent / "postgres.conf"
        conf.write_text("synchronous_commit = off\nwal_writer_delay = 10s\n")
        environment = {**os.environ, "CALLCTA_PG_CONF": str(conf)}
        started = self._do("start", environment=environment, stdout=subprocess.PIPE)
        self.url = started.stdout.strip()

    def _do(self, command, *arguments, environment=None, stdout=None):
        return subprocess.run(
            [HERE / "server.sh", command, self.folder, *arguments],
            check=True,
            text=True,
            env=environment,
            stdout=stdout,
        )

    def standby(self):
        return self._do("standby", stdout=subprocess.PIPE).stdout.strip()

    def restart(self, mode):
        self._do("restart", mode)

    def stop(self):
        self._do("stop")


class World:
    """An emulated platform, and people of several Pages, half of them of the first."""

    def __init__(self, program, folder, rows, pages, drop=0.0, even=False):
        self.program, self.folder = program, folder
        folder.mkdir(parents=True)
        self.pages = [str(1000 + number) for number in range(pages)]
        people = []
        for number in range(rows):
            of_first = number % 2 and not even
            page = self.pages[0 if of_first else (number // (2 - even)) % pages]
            people.append((f"{9_000_000 + number}", f"key-{number}", page))
        seed = {
            "pages": {page: {"tokens": [{"token": f"T{page}"}]} for page in self.pages},
            "people": {psid: {"page": page} for psid, _, page in people},
        }
        (folder / "seed.json").write_text(json.dumps(seed))
        lines = ["psid,key,page,name"] + [
            ",".join((*person, f"Ada {person[1]}")) for person in people
        ]
        (folder / "people.csv").write_text("\n".join(lines) + "\n")
        (folder / "card.json").write_text('{"text": "Dear {{ name }}"}')
        (folder / "tokens").mkdir()
        for page in self.pages:
            (folder / "tokens" / page).write_text(f"T{page}")
        self.emulator = subprocess.Popen(
            [
                program,
                "emulate",
                "--quiet",
                "--run-clock",
                "--clock",
                "now",
                "--threads",
                "4",
                "--keep-messages",
                "100000",
                "--keep-bytes",
                "400000000",
                "--seed",
                "1",
                "--seed-file",
                folder / "seed.json",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = json.loads(self.emulator.stdout.readline())["url"]
        if drop:
            self.control(
                "faults",
                {
                    "action": {"type": "drop"},
                    "apply": "after",
                    "times": 1_000_000,
                    "probability": drop,
                },
            )

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.address}/_emulator/{path}", data) as answer:
            return json.load(answer)

    def stored(self):
        return self.control("messages?limit=1000000")["messages"]

    def wait_for(self, count, seconds=120):
        end = time.monotonic() + seconds
        while self.control("messages?limit=1")["stored"] < count:
            assert time.monotonic() < end, "the platform hears nothing"
            time.sleep(0.1)

    def close(self):
        self.emulator.terminate()
        self.emulator.wait()


class Campaign:
    def __init__(self, world, journal):
        self.world, self.journal = world, ["--journal", journal]
        self.verb = "run" if "://" in journal else "resume"
        self.workers = []
        self.environment = {**os.environ, "CALLCTA_BASE_URL": world.address}

    def run(self, *arguments, codes=(0,)):
        done = subprocess.run(
            [self.world.program, "campaign", *arguments, *self.journal],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode in codes, (
            f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def load(self, file="people.csv"):
        folder = self.world.folder
        return self.run("load", folder / file, "--message", folder / "card.json")

    def worker(self, *arguments, pace=PACE):
        log_file = open(self.world.folder / f"worker-{len(self.workers)}.log", "w")
        worker = subprocess.Popen(
            [
                self.world.program,
                "campaign",
                self.verb,
                *self.journal,
                "--tokens",
                self.world.folder / "tokens",
                "--pace",
                str(pace),
                "--lease-time",
                str(LEASE),
                "--progress",
                "json",
                *arguments,
            ],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=log_file,
        )
        worker.log = log_file.name
        self.workers.append(worker)
        return worker

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def holder(self, page):
        """The process that has a Page, as anybody can see who watches."""
        watching = subprocess.Popen(
            [self.world.program, "campaign", "status", "--watch", "--json", *self.journal],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            for line in watching.stderr:
                workers = json.loads(line)["workers"]
                for worker in workers:
                    if page in worker["pages"]:
                        return worker["pid"]
        finally:
            watching.kill()
            watching.wait()
        return None

    def check(self):
        """Compares what the journal says with what the platform received."""
        lines = self.run("export", "--format", "json-lines").stdout.splitlines()
        rows = [json.loads(line) for line in lines]
        received = collections.Counter(message["recipient"] for message in self.world.stored())
        met = collections.Counter()
        for row in rows:
            met[row["callcta_state"], received[row["psid"]]] += 1
        causes = collections.Counter(
            (row["callcta_kind"], received[row["psid"]])
            for row in rows
            if row["callcta_state"] == "unknown"
        )
        twice = {psid for psid, count in received.items() if count > 1}
        lost = met["sent", 0]
        log("states and messages received:", dict(met))
        log("unknown, by cause:", dict(causes))
        log(
            f"received twice: {len(twice)}; taken for sent, and not received: {lost}; "
            f"most per Page in any second: {self.busiest()}"
        )
        assert not twice, "somebody got the message twice"
        assert not lost, "somebody is taken for reached who isn't"
        assert len(rows) == sum(met.values())
        left = {state for state, _ in met} & {"queued", "in_flight"}
        assert not left, f"rows are left: {left}"
        strangers = set(received) - {row["psid"] for row in rows}
        assert not strangers
        return met

    def busiest(self):
        times = collections.defaultdict(list)
        for message in self.world.stored():
            times[message["page_id"]].append(message["sent_at"])
        most = 0
        for stamps in times.values():
            stamps.sort()
            first = 0
            for last, stamp in enumerate(stamps):
                while stamps[first] <= stamp - 1000:
                    first += 1
                most = max(most, last - first + 1)
        return most

    def wait_started(self, worker, seconds=60):
        """Until it tells how far it is, and hears when it is told to stop."""
        end = time.monotonic() + seconds
        while "{" not in pathlib.Path(worker.log).read_text():
            assert time.monotonic() < end, "a worker doesn't start"
            time.sleep(0.05)

    def wait(self, worker, seconds=300, codes=(0, 3, 4)):
        worker.wait(seconds)
        tail = pathlib.Path(worker.log).read_text()[-2000:]
        assert worker.returncode in codes, f"{worker.returncode}: {tail}"


@contextlib.contextmanager
def world(program, folder, name, *arguments, **options):
    log(f"--- {name}")
    it = World(program, folder / name.replace(" ", "-"), *arguments, **options)
    try:
        yield it
    finally:
        it.close()


def url(server, name):
    return f"{server.url}?campaign={name}"


def disturbed(program, folder, server, name, plan, rows=5000):
    """A large campaign, in which `plan` says what happens when so many have been received."""
    with world(program, folder, name, rows, 20, drop=0.01) as it:
        campaign = Campaign(it, url(server, name))
        campaign.load()
        alive = [campaign.worker() for _ in range(3)]
        stopped = []
        chance = random.Random(7)
        for share, what in plan:
            it.wait_for(int(rows * share))
            check_counts(server, name)
            # Whoever was just restarted may have ended by itself.
            alive = [worker for worker in alive if worker.poll() is None] or [campaign.worker()]
            log(f"{share:.0%}: {what}")
            if what.startswith("kill") and what != "kill-server":
                # Whoever sends for the large Page, or any.
                holder = campaign.holder(it.pages[0]) if what == "kill-holder" else None
                index = next((at for at, worker in enumerate(alive) if worker.pid == holder), None)
                assert what == "kill" or index is not None, "nobody has the large Page"
                victim = alive.pop(chance.randrange(len(alive)) if index is None else index)
                victim.kill()
                victim.wait()
                alive.append(campaign.worker())
            elif what == "stop":
                victim = alive.pop(chance.randrange(len(alive)))
                victim.send_signal(signal.SIGSTOP)
                stopped.append((victim, time.monotonic()))
                alive.append(campaign.worker())
            elif what == "wake":
                victim, since = stopped.pop()
                # Longer than its leases hold, so that others have them.
                time.sleep(max(0, since + 2 * LEASE - time.monotonic()))
                victim.send_signal(signal.SIGCONT)
                alive.append(victim)
            else:
                server.restart(what)
            check_counts(server, name)
        for worker in alive:
            campaign.wait(worker)
        check_counts(server, name)
        campaign.check()
        most = campaign.busiest()
        assert most <= MOST, f"{most} messages of a Page within a second"


def check_counts(server, name):
    """Counts that are kept are those of the rows, at whatever moment."""
    wrong = sql(
        server.url,
        f"""
        select s.page, s.rows, s.queued, s.in_flight, r.* from callcta.share s
        join callcta.campaign c on c.id = s.campaign
        cross join lateral (select count(*) as rows, count(*) filter (where state = 0) as queued,
            count(*) filter (where state = 1) as in_flight,
            coalesce(max(id) filter (where state = 1), 0) as claimed_to
            from callcta.recipient r where r.campaign = s.campaign and r.page = s.page) r
        where c.name = '{name}' and ((s.rows, s.queued, s.in_flight)
            <> (r.rows, r.queued, r.in_flight) or s.claimed_to < r.claimed_to)""",
    )
    assert not wrong, f"counts are wrong: {wrong}"


def echo(message):
    """The webhook of a message's echo, in a line."""
    content = message["body"]["message"]
    event = {
        "sender": {"id": message["page_id"]},
        "recipient": {"id": message["recipient"]},
        "timestamp": message["sent_at"],
        "message": {"mid": message["message_id"], "is_echo": True, **content},
    }
    return (
        json.dumps(
            {
                "object": "page",
                "entry": [
                    {"id": message["page_id"], "time": message["sent_at"], "messaging": [event]}
                ],
            }
        )
        + "\n"
    )


def moved(program, folder, server):
    """A campaign that begins in a file and goes on in PostgreSQL."""
    with world(program, folder, "moved", 900, 6) as it:
        file = Campaign(it, str(it.folder / "campaign.journal"))
        file.load()
        # Three answers get lost.
        it.control("faults", {"action": {"type": "drop"}, "apply": "after", "times": 3})
        worker = file.worker(pace=60)
        it.wait_for(100)
        worker.send_signal(signal.SIGTERM)
        file.wait(worker, codes=(5,))
        before = file.status()["states"]
        tried = before["sent"] + before["unknown"]
        assert before["queued"] > 0 and tried >= 100 and before["in_flight"] == 0, before
        exported = file.run("export").stdout
        (it.folder / "exported.csv").write_text(exported)
        campaign = Campaign(it, url(server, "moved"))
        campaign.load("exported.csv")
        # Again: nothing is new.
        assert "900 rows were there already" in campaign.load("exported.csv").stderr
        assert campaign.status()["states"] == before
        # What was sent from the file is known here by its echoes, too.
        assert before["unknown"] == 3, before
        (it.folder / "echoes").write_text("".join(map(echo, it.stored())))
        settled = campaign.run("settle", "--events", it.folder / "echoes").stdout
        assert "settled: 3 rows" in settled and "3 were unknown" in settled, settled
        workers = [campaign.worker(pace=60) for _ in range(2)]
        it.wait_for(tried + 100)
        campaign.wait_started(workers[0])
        # Whoever is asked to go gives its Pages back at once, and loses nothing.
        workers[0].send_signal(signal.SIGTERM)
        campaign.wait(workers[0], codes=(5,))
        campaign.wait(workers[1], codes=(0,))
        met = campaign.check()
        assert met == {("sent", 1): 900}, met


def hard_stop(program, folder, server):
    """Claims are on disk before anything is sent, whatever the server's setting."""
    with world(program, folder, "hard stop", 60, 3) as it:
        it.control("faults", {"delay": {"type": "fixed", "ms": 60_000}, "times": 1000})
        campaign = Campaign(it, url(server, "hard-stop"))
        campaign.load()
        worker = campaign.worker()
        end = time.monotonic() + 60
        while (claimed := campaign.status()["states"]["in_flight"]) < 5:
            assert time.monotonic() < end, "nothing is claimed"
            time.sleep(0.05)
        worker.kill()
        worker.wait()
        server.restart("immediate")
        after = campaign.status()["states"]
        log(f"in flight before the server's end: {claimed} or more, after it: {after['in_flight']}")
        assert after["in_flight"] >= claimed


def gone(program, folder, server):
    """Without its database a worker ends, with an exit code of its own."""
    with world(program, folder, "gone", 2000, 4) as it:
        campaign = Campaign(it, url(server, "gone"))
        campaign.load()
        worker = campaign.worker("--journal-patience", "3")
        it.wait_for(20)
        server.restart("stop")
        campaign.wait(worker, codes=(6,))
        received = len(it.stored())
        server.restart("start")
        worker = campaign.worker(pace="none")
        campaign.wait(worker, codes=(0, 4))
        campaign.check()
        log(f"received when it ended: {received}")


def pooled(program, folder, server):
    """Behind PgBouncer, which gives each transaction to another session."""
    pgbouncer = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if pgbouncer is None:
        sys.exit("pgbouncer is missing; install it (Debian: apt-get install pgbouncer)")
    with world(program, folder, "pooled", 600, 6) as it:
        direct = server.url.removeprefix("postgresql://postgres@").removesuffix("/postgres")
        host, port = direct.split(":")
        own = free_port()
        # Where its user, who isn't root, can read it.
        settings = pathlib.Path(tempfile.mkdtemp(prefix="callcta-pgbouncer-"))
        settings.chmod(0o755)
        (settings / "users.txt").write_text('"postgres" ""\n')
        (settings / "pgbouncer.ini").write_text(f"""
[databases]
postgres = host={host} port={port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
auth_type = any
auth_file = {settings}/users.txt
pool_mode = transaction
default_pool_size = 3
server_reset_query =
logfile =
""")
        command = [pgbouncer, str(settings / "pgbouncer.ini")]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        log_file = open(it.folder / "pgbouncer.log", "w")
        pooler = subprocess.Popen(command, stderr=log_file, stdout=log_file)
        try:
            campaign = Campaign(
                it, f"postgresql://postgres@127.0.0.1:{own}/postgres?campaign=pooled"
            )
            end = time.monotonic() + 30
            while True:
                try:
                    campaign.load()
                    break
                except AssertionError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.2)
            for worker in [campaign.worker(pace=60) for _ in range(3)]:
                campaign.wait(worker, codes=(0,))
            met = campaign.check()
            assert met == {("sent", 1): 600}, met
        finally:
            pooler.terminate()
            pooler.wait()
            shutil.rmtree(settings)


def held(program, folder, server):
    """Pages without a token hold nobody up, and nobody waits for ever for them."""
    with world(program, folder, "held", 300, 5) as it:
        for page in it.pages[1:3]:
            (it.folder / "tokens" / page).unlink()
        campaign = Campaign(it, url(server, "held"))
        campaign.load()
        for worker in [campaign.worker(), campaign.worker()]:
            campaign.wait(worker, codes=(5,))
        states = campaign.status()["states"]
        rows = (it.folder / "people.csv").read_text()
        waiting = sum(rows.count(f",{page},") for page in it.pages[1:3])
        assert (states["queued"], states["sent"]) == (waiting, 300 - waiting), states


def told(program, folder, server):
    """What a command would do on a journal that others use, it says first."""
    with world(program, folder, "told", 40, 2) as it:
        campaign = Campaign(it, url(server, "told"))
        campaign.load()
        campaign.run("pause")
        tokens = ("--tokens", it.folder / "tokens", "--progress", "none")
        said = campaign.run("run", *tokens, codes=(5,)).stderr
        assert "paused" in said and not it.stored(), said
        said = campaign.run("resume", *tokens).stderr
        assert re.search(r"40 rows will be sent(.|\n)*the pause ends", said), said
        assert campaign.status()["states"]["sent"] == 40
        own = "(select id from callcta.campaign where name = 'told')"
        sql(
            server.url,
            "update callcta.recipient set state = 3, kind = 'service' "
            f"where campaign = {own} and line % 10 = 1",
        )
        sql(
            server.url,
            "insert into callcta.worker (name, campaign, host, pid, expires_at) "
            f"values ('other', {own}, 'there', 1, now() + interval '1 hour')",
        )
        said = campaign.run("retry", codes=(5,)).stderr
        assert "4 rows would be put back" in said and "1 worker that runs it would" in said, said


def replica(program, folder, server):
    """What a replica has may be old, and nothing is sent by it."""
    with world(program, folder, "replica", 40, 2) as it:
        campaign = Campaign(it, url(server, "replica"))
        campaign.load()
        standby = server.standby()
        tokens = ("--tokens", it.folder / "tokens", "--progress", "none")
        behind = Campaign(it, f"{standby}?campaign=replica")
        for arguments in (("status",), ("export",), ("run", *tokens)):
            said = behind.run(*arguments, codes=(6,)).stderr
            assert "it is a replica" in said, said
        assert not it.stored()
        # Of both, the one that takes writes is used, whichever comes first.
        place = re.search(r"@(.*)/", server.url)[1]
        both = Campaign(
            it, f"{standby.removesuffix('/postgres')},{place}/postgres?campaign=replica"
        )
        both.run("run", *tokens)
        assert both.check() == {("sent", 1): 40}


def guide(program, folder, server):
    """The commands of the guide, in the order in which they stand there."""
    with world(program, folder, "guide", 3, 1) as it:
        page = HERE.parent.parent / "docs/guides/machines.md"
        script = "".join(re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL))
        for role in ("owner", "loader", "worker", "reader"):
            sql(server.url, f"create role {role} login")
        sql(server.url, "create database callcta owner owner")
        place = re.search(r"@(.*)/", server.url)[1]
        script = script.replace("db.example", place)
        (it.folder / "greeting.json").write_text('{"text": "Hello {{ name }}"}')
        environment = {
            **os.environ,
            "CALLCTA_BASE_URL": it.address,
            "PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", "-euc", script], cwd=it.folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "it ended with" not in done.stdout, done.stdout + done.stderr
        exported = (it.folder / "autumn.csv").read_text()
        assert exported.count(",sent,") == 3, exported
        assert len(it.stored()) == 3


def sql(url, text):
    done = subprocess.run(
        ["psql", url, "-AtqX", "-c", text], check=True, text=True, capture_output=True
    )
    return done.stdout.strip()


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def main():
    program, folder, *flags = sys.argv[1:]
    program = str(pathlib.Path(program).resolve())
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder / "server")
    try:
        subprocess.run([program, "campaign", "migrate", "--journal", server.url], check=True)
        only = [flag for flag in flags if not flag.startswith("--")]

        def wanted(name):
            return not only or name in only

        if wanted("moved"):
            moved(program, folder, server)
        if wanted("hard-stop"):
            hard_stop(program, folder, server)
        if wanted("gone"):
            gone(program, folder, server)
        if wanted("held"):
            held(program, folder, server)
        if wanted("told"):
            told(program, folder, server)
        if wanted("replica"):
            replica(program, folder, server)
        if wanted("guide"):
            guide(program, folder, server)
        if wanted("pooled"):
            pooled(program, folder, server)
        kills = [(0.1, "kill"), (0.3, "kill"), (0.6, "kill-holder"), (0.75, "kill-holder")]
        stops = [(0.15, "stop"), (0.3, "wake")]
        server_ends = [(0.2, "immediate"), (0.45, "kill-server")]
        for name, plan in [
            ("kills", kills),
            ("stops", [*stops, (0.5, "stop"), (0.65, "wake")]),
            ("server-ends", server_ends),
        ]:
            if name in only or ("--long" in flags and not only):
                disturbed(program, folder, server, name, plan)
        if wanted("all"):
            disturbed(program, folder, server, "all", sorted(kills + stops + server_ends))
    finally:
        server.stop()
    log("all is well")


if __name__ == "__main__":
    main()
