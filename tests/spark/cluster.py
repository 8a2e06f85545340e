"""A Spark cluster of its own: a master and two workers, each on an address of the loopback."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pyspark

HOME = pathlib.Path(pyspark.__file__).parent
# Less to compile and less to collect: what is tested isn't Java's speed.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss512k"


def descendants(pid):
    """The processes below one, by number."""
    children = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rsplit(")", 1)[1].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(parent), []).append(int(path.parent.name))
    found, left = [], [pid]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.processes = []
        self._start("master", "127.0.0.1", "deploy.master.Master")
        self.master = self._wait("master", r"Starting Spark master at (\S+)")
        for number, address in enumerate(["127.0.0.1", "127.0.0.2"]):
            # On one address no copy of a slow task would be tried.
            self._start(
                f"worker-{number}",
                address,
                "deploy.worker.Worker",
                "--cores",
                "2",
                "--memory",
                "1g",
                "--work-dir",
                folder / f"work-{number}",
                self.master,
            )
        for number in range(2):
            self._wait(f"worker-{number}", r"Successfully registered with (master)")

    def environment(self, address):
        return {
            **os.environ,
            "SPARK_LOCAL_IP": address,
            "SPARK_LOCAL_HOSTNAME": address,
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": JAVA,
            "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
            "PYSPARK_PYTHON": sys.executable,
        }

    def _start(self, name, address, what, *arguments):
        path = self.folder / f"{name}.log"
        with open(path, "w") as log:
            process = subprocess.Popen(
                [
                    HOME / "bin/spark-class",
                    f"org.apache.spark.{what}",
                    "--host",
                    address,
                    "--port",
                    "0",
                    "--webui-port",
                    "0",
                    *arguments,
                ],
                env=self.environment(address),
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)

    def _wait(self, name, words):
        path = self.folder / f"{name}.log"
        end = time.monotonic() + 120
        while not (found := re.search(words, path.read_text())):
            assert time.monotonic() < end, path.read_text()[-2000:]
            time.sleep(0.05)
        return found[1]

    def settings(self, **more):
        return {
            "spark.master": self.master,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": "512m",
            "spark.driver.extraJavaOptions": JAVA,
            "spark.executor.memory": "512m",
            "spark.executor.cores": "2",
            "spark.executor.extraJavaOptions": JAVA,
            # Nothing may depend on either.
            "spark.executorEnv.TZ": "Asia/Tokyo",
            "spark.sql.session.timeZone": "America/New_York",
            "spark.task.maxFailures": "8",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.rolling.enabled": "false",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": self.events.as_uri(),
            "spark.sql.shuffle.partitions": "4",
            **more,
        }

    @property
    def events(self):
        folder = self.folder / "events"
        folder.mkdir(exist_ok=True)
        return folder

    def job(self, name, **given):
        """Starts a driver; what it says goes into a file."""
        job = pathlib.Path(__file__).with_name("job.py")
        return self._drive(name, [job, json.dumps(given)])

    def program(self, name, code):
        """Starts a driver whose settings come from a file, as they do where Spark is kept for all."""
        folder = self.folder / "conf"
        folder.mkdir()
        defaults = [f"{setting} {value}\n" for setting, value in self.settings().items()]
        (folder / "spark-defaults.conf").write_text("".join(defaults))
        return self._drive(name, ["-c", code], SPARK_CONF_DIR=str(folder))

    def _drive(self, name, arguments, **more):
        log = open(self.folder / f"{name}.log", "w")
        job = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment("127.0.0.1") | more,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            start_new_session=True,
        )
        job.log = log.name
        return job

    def below(self, *what):
        """Processes of the cluster whose command has these words."""
        found = []
        for process in self.processes:
            below = descendants(process.pid)
            found += [pid for pid in below if all(word in command(pid) for word in what)]
        return found

    def executors(self):
        return self.below("CoarseGrainedExecutorBackend")

    def python_workers(self):
        """What runs tasks; it was forked by a daemon that runs none."""
        daemons = self.below("pyspark.daemon")
        return [pid for daemon in daemons for pid in descendants(daemon)]

    def listening(self, *others):
        """Where processes of the cluster and these listen."""
        pids = {process.pid for process in self.processes} | set(others)
        pids |= {pid for process in pids for pid in descendants(process)}
        told = subprocess.run(["ss", "-Hltnp"], check=True, capture_output=True, text=True).stdout
        places = []
        for line in told.splitlines():
            if pids & {int(pid) for pid in re.findall(r"pid=(\d+)", line)}:
                places.append(line.split()[3].rsplit(":", 1)[0].strip("[]"))
        return places

    def events_of(self, name):
        """What Spark wrote down about all its applications, by the event's name."""
        for path in self.events.iterdir():
            for line in path.read_text().splitlines():
                if f'"SparkListener{name}"' in line:
                    yield json.loads(line)

    def stop(self):
        for process in reversed(self.processes):
            for pid in [*descendants(process.pid), process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            process.wait()
