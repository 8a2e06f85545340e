/* What can go wrong, and what a program can know about it.
 *
 *     CALLCTA_PAGE_ID=… CALLCTA_ACCESS_TOKEN=… ./errors PSID
 *
 * CALLCTA_BASE_URL leads to an emulator instead of the platform. */
#include <callcta.h>
#include <inttypes.h>
#include <stdio.h>

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

/* Sends a button template, maybe with another token, and explains the failure that must
 * come. */
static int provoke(const char *what, const char *token, const char *psid, int64_t days) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_button *call = NULL;
    callcta_message *message = NULL;
    callcta_error *error;
    int sent = 0;
    if (callcta_config_from_env(&config, &error) ||
        callcta_client_new(config, &client, &error) ||
        (token && callcta_client_set_access_token(client, token, &error)) ||
        callcta_button_audio_call("Call Now", days, &call, &error) ||
        callcta_message_buttons("Contact Support!", &message, &error) ||
        callcta_message_add_button(message, call, &error) ||
        callcta_client_send(client, psid, message, NULL, &error)) {
        explain(what, error);
    } else {
        fprintf(stderr, "%s: it was sent\n", what);
        sent = 1;
    }
    callcta_message_free(message);
    callcta_button_free(call);
    callcta_client_free(client);
    callcta_config_free(config);
    return sent;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s PSID\n", argv[0]);
        return 2;
    }
    return provoke("a button for too many days", NULL, argv[1], 8) ||
           provoke("a token that doesn't work", "wrong", argv[1], CALLCTA_DAYS_DEFAULT) ||
           provoke("a person nobody knows", NULL, "1", CALLCTA_DAYS_DEFAULT) ||
           provoke("a recipient that is no PSID", NULL, "somebody", CALLCTA_DAYS_DEFAULT);
}
