import csv
import os
import sys
from pathlib import Path

from callcta.campaign import Campaign, Snapshot


def show(snapshot: Snapshot) -> None:
    print(snapshot.done, "of", snapshot.rows, file=sys.stderr)


campaign = Campaign("autumn.journal")
with Path("people.csv").open(newline="") as file:
    people = csv.DictReader(file)  # or a frame of pandas or polars, or any iterable of rows
    plan = campaign.plan(people, Path("greeting.json"), page_id=os.environ["CALLCTA_PAGE_ID"])
for finding in plan.findings:
    print(finding.rule, finding.place, finding.message)
# The tokens of more Pages than the environment's: campaign.run({"1234567890": "token"})
standing = campaign.run(on_progress=show)
print(f"{standing.status}: {standing.states['sent']} sent")
for row in campaign.rows(states=["rejected"]):
    print(row["key"], row["callcta_state"], row["callcta_kind"])
