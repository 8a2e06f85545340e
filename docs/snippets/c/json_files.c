#include <callcta.h>
#include <stdio.h>

int main(void) {
    char json[65536] = "";
    FILE *file = fopen("card.json", "r");
    if (!file) {
        perror("card.json");
        return 1;
    }
    json[fread(json, 1, sizeof json - 1, file)] = '\0';
    fclose(file);

    callcta_message *message;
    callcta_violations *found = NULL;
    callcta_error *error;
    if (callcta_message_from_json(json, &message, &error) ||
        callcta_message_validate(message, &found, &error)) {
        fprintf(stderr, "%s\n", error->message);
    }
    for (size_t i = 0; found && i < found->count; i++) {
        const callcta_violation *violation = found->items[i];
        printf("%s %s %s\n", callcta_severity_name(violation->severity), violation->path,
               violation->message);
    }
    int failed = error != NULL;
    callcta_error_free(error);
    callcta_violations_free(found);
    callcta_message_free(message);
    return failed;
}
