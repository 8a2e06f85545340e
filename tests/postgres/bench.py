"""What a journal costs: in PostgreSQL, and beside it in SQLite.

    bench.py PROGRAM JOURNAL_COST FOLDER [quick]

Rates depend on what else the machine does, whose load is told; PostgreSQL's processor time
and log per row hardly do.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from run import Campaign, Server, World, sql, url

TICKS = os.sysconf("SC_CLK_TCK")


class Cost:
    """Processor time and log that a server spends meanwhile; ended processes count, too."""

    def __init__(self, server):
        self.server = server
        base = (server.folder / "base").read_text().strip()
        self.postmaster = int(pathlib.Path(base, "data/postmaster.pid").read_text().split()[0])
        self.before = self.now()

    def processor(self):
        total = 0
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            pid = int(path.parent.name)
            if pid == self.postmaster:
                total += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == self.postmaster:
                total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def now(self):
        place = sql(self.server.url, "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return self.processor(), int(place)

    def per_row(self, rows):
        processor, log = self.now()
        return f"{(processor - self.before[0]) / rows * 1e6:.0f} µs and {(log - self.before[1]) / rows:.0f} bytes of log per row"


def told(name, text):
    print(f"{name}: {text} (load {os.getloadavg()[0]:.1f})", flush=True)


def people(folder, rows, pages):
    with open(folder / "people.csv", "w") as file:
        file.write("psid,key,page,name\n")
        for number in range(rows):
            file.write(
                f"{9_000_000 + number},order-{number},{1000 + number % pages},Ada {number}\n"
            )
    (folder / "card.json").write_text('{"text": "Dear {{ name }}"}')


def load(program, folder, journal):
    began = time.monotonic()
    subprocess.run(
        [
            program,
            "campaign",
            "load",
            folder / "people.csv",
            "--message",
            folder / "card.json",
            "--journal",
            journal,
        ],
        check=True,
        capture_output=True,
    )
    return time.monotonic() - began


def status(program, journal):
    times = []
    for _ in range(3):
        began = time.monotonic()
        done = subprocess.run(
            [program, "campaign", "status", "--json", "--journal", journal],
            check=True,
            capture_output=True,
            text=True,
        )
        times.append(time.monotonic() - began)
    return min(times), json.loads(done.stdout)


def main():
    program, cost, folder, *quick = sys.argv[1:]
    program, cost = (str(pathlib.Path(path).resolve()) for path in (program, cost))
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows, many, seconds = (50_000, 500_000, 10) if quick else (500_000, 5_000_000, 30)
    server = Server(folder / "server")
    try:
        subprocess.run([program, "campaign", "migrate", "--journal", server.url], check=True)

        people(folder, rows, 50)
        for name, journal in [
            ("SQLite", str(folder / "file.journal")),
            ("PostgreSQL", url(server, "loaded")),
        ]:
            told(
                f"{name}: load of {rows} rows",
                f"{rows / load(program, folder, journal):,.0f} rows/s",
            )

        for batch in (10, 50, 200, 1000):
            for name, journal in [
                ("SQLite", str(folder / "file.journal")),
                ("PostgreSQL", url(server, "loaded")),
            ]:
                count = min(rows // 5, batch * 400)
                spent = Cost(server)
                out = subprocess.run(
                    [cost, journal, str(batch), str(count)],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout.split()
                done, took = int(out[0]), float(out[1])
                beside = f"; {spent.per_row(done)}" if name == "PostgreSQL" else ""
                told(f"{name}: {batch} rows per claim", f"{done / took:,.0f} rows/s{beside}")

        world = World(program, folder / "paced", 2000 * seconds, 50, even=True)
        try:
            campaign = Campaign(world, url(server, "paced"))
            campaign.load()
            spent = Cost(server)
            for worker in [campaign.worker(), campaign.worker()]:
                campaign.wait(worker, codes=(0, 3, 4))
            stamps = sorted(message["sent_at"] for message in world.stored())
            inner = stamps[len(stamps) // 10 : -len(stamps) // 10]
            rate = len(inner) / (inner[-1] - inner[0]) * 1000
            told(
                "50 Pages at 40/s, two workers",
                f"{rate:,.0f}/s, {rate / 20:.1f} % of the pace; {spent.per_row(len(stamps))}; "
                f"most of a Page in any second {campaign.busiest()}",
            )
        finally:
            world.close()

        campaign = sql(
            server.url,
            "insert into callcta.campaign (name, facts) select 'many', facts "
            "from callcta.campaign where name = 'loaded' returning id",
        )
        sql(
            server.url,
            f"insert into callcta.recipient (campaign, page, line, state, key, psid, cells) "
            f"select {campaign}, 1 + n % 50, n, 0, 'k' || n, '9' || n, '{{\"name\":\"Ada\"}}' "
            f"from generate_series(1, {many}) n",
        )
        sql(
            server.url,
            f"insert into callcta.share (campaign, page, rows, queued) "
            f"select {campaign}, page, count(*), count(*) from callcta.recipient where campaign = {campaign} group by 2",
        )
        sql(server.url, "select callcta.analyze()")
        for when, change in [
            ("all queued, just loaded", None),
            ("all queued, vacuumed", "vacuum callcta.recipient"),
            (
                "half of them sent, a tenth of those unknown",
                f"update callcta.recipient set state = case when line % 20 = 0 then 4 else 2 end, "
                f"kind = case when line % 20 = 0 then 'network' else '' end "
                f"where campaign = {campaign} and line % 2 = 0; "
                f"update callcta.share set queued = 0 where campaign = {campaign} and page % 2 = 1",
            ),
            ("the same, vacuumed", "vacuum callcta.recipient"),
        ]:
            if change:
                sql(server.url, change)
            took, _ = status(program, url(server, "many"))
            told(f"PostgreSQL: status of {many} rows, {when}", f"{took * 1000:,.0f} ms")
        took, _ = status(program, str(folder / "file.journal"))
        told(f"SQLite: status of {rows} rows", f"{took * 1000:,.0f} ms")
    finally:
        server.stop()


main()
