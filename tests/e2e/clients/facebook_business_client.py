"""Sends with facebook_business, Meta's own client, unchanged: forms, and a batch."""

import warnings

from common import CALL, PSID, READY, TOKEN, URL, check
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

# Its own lists of values are out of step with its parameters.
warnings.simplefilter("ignore")
FacebookSession.GRAPH = URL
FacebookAdsApi.init(access_token=TOKEN, app_secret=READY["app_secret"], api_version="v26.0")
page = Page(READY["page_id"])


def message(psid=PSID, **more):
    payload = {"template_type": "button", "text": "Contact Support!", "buttons": [{**CALL, **more}]}
    attachment = {"type": "template", "payload": payload}
    return {"recipient": {"id": psid}, "message": {"attachment": attachment}}


check(
    "call button", page.create_message(params=message()).export_all_data(), {"recipient_id": PSID}
)
try:
    page.create_message(params=message(expires_in_days=8))
    raise AssertionError("8 days were taken")
except FacebookRequestError as error:
    check("8 days", error.body(), {"code": 100})
check("page", page.api_get(fields=["name"]).export_all_data(), {"name": "Example Page"})
persona = page.create_persona(
    params={"name": "Adam", "profile_picture_url": "https://example.com/adam.png"}
)
[listed] = page.get_personas(fields=["name"])
check("personas", listed.export_all_data(), {"id": persona["id"], "name": "Adam"})
page.create_messenger_profile(params={"get_started": {"payload": "START"}})
[profile] = page.get_messenger_profile(params={"fields": "get_started"})
check("profile", profile.export_all_data(), {"get_started": {"payload": "START"}})
deleted = page.delete_messenger_profile(params={"fields": ["get_started"]})
check("profile deleted", deleted.export_all_data(), {"result": "success"})
[settings] = page.get_messenger_call_settings(params={"fields": "audio_enabled"})
check("call settings", settings.export_all_data(), {"audio_enabled": True})
[permission] = page.get_messenger_call_permissions(params={"psid": PSID})
check("call permission", permission["permission"], {"status": "no_permission"})
page.delete_subscribed_apps()
assert not list(page.get_subscribed_apps())

answers = []
batch = FacebookAdsApi.get_default_api().new_batch()
for params in [message(), message(psid="999")]:
    page.create_message(params=params, batch=batch, success=answers.append, failure=answers.append)
batch.execute()
check("item", answers[0].json(), {"recipient_id": PSID})
check("item to nobody", answers[1].json(), {"code": 100, "error_subcode": 2018001})
