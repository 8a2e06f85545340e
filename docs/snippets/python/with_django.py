# views.py
import os

import django
from callcta import AudioCallButton, ButtonTemplate, CallCtaError, Client
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

STATUS = {"not_sent": 503, "rejected": 409, "unknown": 502}
MESSAGE = ButtonTemplate("Need help?", [AudioCallButton("Call Now")])

# One client for the process. Servers that fork, such as gunicorn with preloading, may share it:
# each child has connections of its own.
client = Client.from_env()


@csrf_exempt  # for this example; keep the protection in yours
@require_POST
def offer(request: HttpRequest, psid: str) -> HttpResponse:
    try:
        receipt = client.send(psid, MESSAGE)
    except CallCtaError as error:
        return HttpResponse(error.kind, status=STATUS[error.delivery])
    return HttpResponse(receipt.message_id)


urlpatterns = [path("offer/<str:psid>", offer)]

# [begin try]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"])
django.setup()
from django.test import Client as Browser  # noqa: E402

for person in os.environ["CALLCTA_PSID"], "200000000000002":
    answer = Browser().post(f"/offer/{person}")
    print(answer.status_code, answer.content.decode())
# [end]
