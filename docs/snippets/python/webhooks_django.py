# views.py
import os

from callcta import webhook
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

SECRETS = webhook.Secrets(os.environ["CALLCTA_APP_SECRET"])


@csrf_exempt  # Meta has no token of yours; the signature proves where it comes from
def receive(request: HttpRequest) -> HttpResponse:
    try:
        if request.method == "GET":
            query, token = request.META["QUERY_STRING"], os.environ["CALLCTA_VERIFY_TOKEN"]
            answer = webhook.answer_challenge(query, token)
            return HttpResponse(answer, content_type="text/plain")
        signature = request.headers.get("X-Hub-Signature-256")
        received = webhook.verify_and_parse(request.body, signature, SECRETS)
    except webhook.WebhookError as error:
        return HttpResponse(status=error.http_status)
    for event in received.events:  # put them into a queue: Meta waits 5 seconds
        print(event.identity)
    return HttpResponse(status=200)


urlpatterns = [path("webhook", receive)]

# [begin try]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])
app = get_wsgi_application()
# [end]
