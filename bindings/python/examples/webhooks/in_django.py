"""A webhook in Django, in one file: `gunicorn in_django:application`.

The traps are `request.POST`, after which `request.body` can't be read any more, and the protection
against forged forms, which would refuse every POST that Meta makes.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

from callcta import webhook
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])
VERIFY_TOKEN = os.environ["CALLCTA_VERIFY_TOKEN"]
SEEN = webhook.Deduplicator(10_000)
WORK = ThreadPoolExecutor(max_workers=1)  # its thread starts with the first event

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY=os.environ.get("DJANGO_SECRET_KEY", "for this example only"),
    DATA_UPLOAD_MAX_MEMORY_SIZE=webhook.BODY_MAX,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
)


def handle(event: webhook.Event) -> None:
    """The work, after the answer."""
    print(event.identity, event.type, flush=True)


@csrf_exempt  # what the signature is for
@require_http_methods(["GET", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Meta checks the address, or something happened on the Page."""
    try:
        if request.method == "GET":
            text = webhook.answer_challenge(request.META["QUERY_STRING"], VERIFY_TOKEN)
            return HttpResponse(text, content_type="text/plain")
        header = request.headers.get("X-Hub-Signature-256")
        received = webhook.verify_and_parse(request.body, header, SECRETS)
    except webhook.WebhookError as error:
        return HttpResponse(status=error.http_status)
    for event in received.events:
        if SEEN.is_new(event):
            WORK.submit(handle, event)
    return HttpResponse(status=200)


@csrf_exempt
def order(request: HttpRequest) -> JsonResponse:
    """Any other view."""
    return JsonResponse({"item": json.loads(request.body)["item"]})


urlpatterns = [path("webhook", receive), path("orders", order)]
application = get_wsgi_application()
