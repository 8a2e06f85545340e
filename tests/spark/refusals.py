"""What the data source refuses on the driver, before anything runs; without a cluster."""

import tempfile
import unittest
from pathlib import Path

from callcta.campaign import Campaign
from callcta.spark import Callcta
from pyspark.sql.types import ArrayType, StringType, StructType

MESSAGE = '{"text": "Dear {{ name }}"}'
SCHEMA = "psid string, key string, page string, name string"


def columns(text):
    schema = StructType()
    for column in text.split(", "):
        name, kind = column.split()
        schema.add(name, ArrayType(StringType()) if kind == "array<string>" else kind)
    return schema


class Refusals(unittest.TestCase):
    journal = ""

    def options(self, **more):
        options = {"journal": self.journal, "campaign": self.id(), "message": MESSAGE, **more}
        return {name: value for name, value in options.items() if value is not None}

    def refused(self, words, schema=SCHEMA, overwrite=False, stream=False, **more):
        options = self.options(**more)
        with self.assertRaisesRegex(Exception, words) as told:
            source = Callcta(options)
            write = source.streamWriter if stream else source.writer
            write(columns(schema), overwrite)
        self.assertNotIn("hunter2", str(told.exception))
        if not stream and "campaign" not in more:
            self.assertFalse(Campaign(self.journal, campaign=self.id()).exists)

    def test_options(self):
        self.refused("no option lease; did you mean lease_time", lease="5")
        self.refused("no option xyz; they are: journal", xyz="5")
        self.refused("journal is missing", journal=None)
        self.refused("message is missing", message=None)
        self.refused("name is missing", campaign=None)
        self.refused("send must be true or false", send="yes")
        self.refused("pace must be a number", pace="fast")
        self.refused("the pace must be", pace="0")
        self.refused("workers must be a whole number", workers="1.5")
        self.refused("from 2 to 3600", lease_time="1")
        self.refused("base URL must start", base_url="nowhere")
        self.refused("No such file", message="nowhere.json")

    def test_secrets(self):
        for name in ("access_token", "password", "app_secret"):
            self.refused("tokens come from token_provider", **{name: "hunter2"})
        with_password = self.journal.replace("://postgres@", "://postgres:hunter2@")
        self.assertNotEqual(with_password, self.journal)
        self.refused("has a password", journal=with_password)
        self.refused("has a password", journal=f"{self.journal}?password=hunter2")

    def test_token_providers(self):
        self.refused("module:function", token_provider="nowhere:token")
        self.refused("module:function", token_provider="json:nothing")
        self.refused("module:function", token_provider="json")
        self.refused("can't be called", token_provider="string:digits")
        self.refused("from a folder", token_provider="json:loads", tokens="/tokens")

    def test_journals(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "autumn.journal")
            self.refused("must be in PostgreSQL", journal=str(path), campaign=None)
            self.assertFalse(path.exists())
        gone = "postgresql://postgres@127.0.0.1:1/postgres"
        self.refused("can.t connect", journal=gone, campaign="x")

    def test_columns(self):
        self.refused("no column key", "psid string, page string, name string")
        self.refused("no column psid", "key string, page string, name string")
        self.refused("no column page", "key string, psid string, name string")
        self.refused("placeholders: name", "psid string, key string, page string")
        self.refused("psid is double; ids are texts", SCHEMA.replace("psid string", "psid double"))
        self.refused("key is decimal", SCHEMA.replace("key string", "key decimal(10,2)"))
        self.refused("tags is array<string>", f"{SCHEMA}, tags array<string>")
        self.refused("without a zone", f"{SCHEMA}, window_until timestamp_ntz")

    def test_another_message(self):
        Callcta(self.options()).writer(columns(SCHEMA), False)
        self.refused("has another message", message='{"text": "Hi"}', campaign=self.id())

    def test_modes(self):
        self.refused("only ever added", overwrite=True)
        self.refused("only ever added", overwrite=True, stream=True)
        self.refused("a stream only loads", send="true", stream=True)

    def test_nothing_secret_is_shown(self):
        source = Callcta(self.options(send="true", tokens="/tokens"))
        writer = source.writer(
            columns("psid long, key decimal(20,0), page string, name string"), False
        )
        self.assertNotIn(MESSAGE, f"{source!r} {writer!r}")
        self.assertTrue(Campaign(self.journal, campaign=self.id()).exists)


def run(journal):
    Refusals.journal = journal
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Refusals)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    assert result.wasSuccessful(), "the data source takes what it must refuse"
