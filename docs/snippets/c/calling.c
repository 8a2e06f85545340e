#include <callcta.h>
#include <stdio.h>
#include <string.h>

/* What is told is JSON, for the parser that your program has. This one looks for a text. */
static bool has(const char *json, const char *text) {
    return json && strstr(json, text);
}

static const char *yes(bool it_is) {
    return it_is ? "true" : "false";
}

int main(void) {
    callcta_config *config;
    callcta_client *client = NULL;
    callcta_error *error;
    if (callcta_config_from_env(&config, &error) || callcta_client_new(config, &client, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    /* [begin settings] */
    char *feature = NULL, *before = NULL, *after = NULL;
    bool failed =
        callcta_calling_request(client, "feature_status", NULL, NULL, NULL, &feature, &error) ||
        callcta_calling_settings(client, &before, &error) ||
        (!has(before, "\"audio_enabled\":true") &&
         callcta_calling_set_settings(client, "{\"audio_enabled\": true}", &error)) ||
        callcta_calling_settings(client, &after, &error);
    printf("may call: %s\n", yes(has(feature, "\"status\":\"enabled\"")));
    printf("audio: %s\n", yes(has(after, "\"audio_enabled\":true")));
    /* [end] */
    if (failed) {
        fprintf(stderr, "%s\n", error->message);
    }
    callcta_string_free(feature);
    callcta_string_free(before);
    callcta_string_free(after);
    callcta_error_free(error);
    callcta_client_free(client);
    callcta_config_free(config);
    return failed;
}
