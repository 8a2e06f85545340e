#include "runner.h"

#include <dirent.h>

#include "testsupport.h"

const char *case_url(const char *file, const json_value *json) {
    static char url[512];
    const char *server = getenv("CALLCTA_VECTORS_URL");
    CHECK(server != NULL);
    snprintf(url, sizeof url, "%s/%s/%s", server, file, json_string(json, "name"));
    return url;
}

void print_member(const char *key, const char *value) {
    if (value == NULL) return;
    printf(",\"%s\":", key);
    json_print(value);
}

void print_violations(const callcta_violations *violations) {
    printf(",\"violations\":[");
    for (size_t i = 0; i < violations->count; i++) {
        const callcta_violation *it = violations->items[i];
        printf("%s{\"severity\":\"%s\"", i ? "," : "",
               it->severity == CALLCTA_SEVERITY_ERROR ? "error" : "warning");
        print_member("path", it->path);
        print_member("rule", it->rule);
        print_member("message", it->message);
        putchar('}');
    }
    putchar(']');
}

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) FAIL("%s can't be read", path);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, size + 1);
    CHECK(text != NULL && fread(text, 1, size, file) == size);
    fclose(file);
    return text;
}

int main(void) {
    const char *folder = getenv("CALLCTA_VECTORS_DIR");
    CHECK(folder != NULL);
    DIR *files = opendir(folder);
    CHECK(files != NULL);
    for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
        char path[1024], stem[256];
        char *dot = strrchr(entry->d_name, '.');
        if (dot == NULL || strcmp(dot, ".json") != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        snprintf(stem, sizeof stem, "%.*s", (int)(dot - entry->d_name), entry->d_name);
        char *text = read_file(path);
        json_value *cases = json_parse(text);
        for (const json_value *it = cases->child; it != NULL; it = it->next) run_case(stem, it);
        json_free(cases);
        free(text);
    }
    closedir(files);
    return 0;
}
