"""What a user of Spark writes, as a driver: a file of rows into campaigns, one after another.

    job.py JSON

says `settings` of the session, `rows`, and the options of each of the `writes`.
"""

import json
import sys
import time

from callcta.spark import Callcta
from pyspark.sql import SparkSession
from pyspark.sql.functions import lit

given = json.loads(sys.argv[1])
builder = SparkSession.builder.appName("callcta")
for name, value in given["settings"].items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")


class Stuck(Callcta):
    """A driver that dies when all tasks are done, before Spark has written that down."""

    def streamWriter(self, schema, overwrite):
        writer = super().streamWriter(schema, overwrite)

        def commit(messages, batch):
            with open(given["stuck"], "w"):
                pass
            time.sleep(3600)

        writer.commit = commit
        return writer


spark.dataSource.register(Stuck if given.get("stuck") else Callcta)
schema = "psid string, key string, page string, name string"
if given.get("stream"):
    rows = spark.readStream.schema(schema).option("header", True).csv(given["rows"])
    writer = rows.writeStream.trigger(availableNow=True)
    writer = writer.format("callcta").options(**given["writes"][0])
    writer.option("checkpointLocation", given["stream"]).start().awaitTermination()
    print("written", flush=True)
else:
    rows = spark.read.schema(schema).option("header", True).csv(given["rows"])
    rows = rows.repartition(given["partitions"], "page")
    if "window" in given:
        rows = rows.withColumn("window_until", lit(given["window"]).cast("timestamp"))
    for options in given["writes"]:
        try:
            rows.write.format("callcta").options(**options).mode("append").save()
        except Exception as error:
            print("refused:", error, flush=True)
        else:
            print("written", flush=True)
spark.stop()
