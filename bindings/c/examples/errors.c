/* What can go wrong, and what a program can know about it.
 *
 *     CALLCTA_PAGE_ID=… CALLCTA_ACCESS_TOKEN=… ./errors PSID
 *
 * CALLCTA_BASE_URL leads to an emulator instead of the platform. */
#include <callcta.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Says what became of a message that was not sent, and what to do. */
static void explain(const char *what, callcta_error *error) {
    printf("%s: %s\n", what, error->kind);
    printf("  %s\n", error->message);
    printf("  advice: %s\n", error->advice);
    switch (error->delivery) {
    case CALLCTA_DELIVERY_NOT_SENT:
        printf("  nothing left this machine\n");
        break;
    case CALLCTA_DELIVERY_REJECTED:
        printf("  the platform refused it\n");
        break;
    case CALLCTA_DELIVERY_UNKNOWN:
        printf("  it may have arrived: don't send it again without looking\n");
        break;
    }
    if (error->may_retry) printf("  the same message may be sent again\n");
    if (error->retry_after_ms >= 0) printf("  after %" PRId64 " ms\n", error->retry_after_ms);
    for (size_t i = 0; i < error->violations->count; i++) {
        const callcta_violation *broken = error->violations->items[i];
        printf("  %s [%s] %s\n", broken->path, broken->rule, broken->message);
    }
    if (error->graph) {
        printf("  code %" PRId64, error->graph->code);
        if (error->graph->has_subcode) printf(", subcode %" PRId64, error->graph->subcode);
        printf(", trace %s\n", error->graph->trace_id ? error->graph->trace_id : "none");
    }
    callcta_error_free(error);
}

/* Sends a button template and explains the failure that must come. */
static int provoke(const char *what, const char *token, const char *psid, int64_t days) {
    const char *base_url = getenv("CALLCTA_BASE_URL");
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_error *error;
    callcta_status status = callcta_config_new(getenv("CALLCTA_PAGE_ID"), token, &config, &error);
    if (!status && base_url)
        status = callcta_config_set(config, CALLCTA_SETTING_BASE_URL, base_url, &error);
    if (status || callcta_client_new(config, &client, &error) ||
        callcta_button_audio_call("Call Now", days, &call, &error) ||
        callcta_message_buttons("Contact Support!", &message, &error) ||
        callcta_message_add_button(message, call, &error) ||
        callcta_client_send(client, psid, message, NULL, &error)) {
        explain(what, error);
        status = 0;
    } else {
        fprintf(stderr, "%s: it was sent\n", what);
        status = 1;
    }
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_client_free(client);
    callcta_config_free(config);
    return (int)status;
}

int main(int argc, char **argv) {
    const char *token = getenv("CALLCTA_ACCESS_TOKEN");
    if (argc != 2) {
        fprintf(stderr, "usage: %s PSID\n", argv[0]);
        return 2;
    }
    return provoke("a button for too many days", token, argv[1], 8) ||
           provoke("a token that doesn't work", "wrong", argv[1], CALLCTA_DAYS_DEFAULT) ||
           provoke("a person nobody knows", token, "1", CALLCTA_DAYS_DEFAULT) ||
           provoke("a recipient that is no PSID", token, "somebody", CALLCTA_DAYS_DEFAULT);
}
