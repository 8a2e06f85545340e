/* libcurl's easy handle over one kept connection. What it says to its driver is
 * described in ../src/protocol.rs. */

#define _POSIX_C_SOURCE 200809L

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct answer {
    char bytes[16 * 1024];
    size_t length;
};

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static size_t keep(char *bytes, size_t size, size_t count, void *to)
{
    struct answer *answer = to;
    if (size * count > sizeof answer->bytes - answer->length)
        return 0;
    memcpy(answer->bytes + answer->length, bytes, size * count);
    answer->length += size * count;
    return size * count;
}

static void sent_or_exit(CURL *curl, struct answer *answer)
{
    long status = 0;
    answer->length = 0;
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 || answer->length == 0) {
        fprintf(stderr, "status %ld: %s\n", status, curl_easy_strerror(code));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    char url[512], authorization[512], body[1024];
    snprintf(url, sizeof url, "%s/v26.0/%s/messages", argv[2], argv[3]);
    snprintf(authorization, sizeof authorization, "authorization: Bearer %s", argv[4]);
    snprintf(body, sizeof body,
             "{\"recipient\":{\"id\":\"%s\"},\"message\":{\"attachment\":{\"type\":\"template\","
             "\"payload\":{\"template_type\":\"generic\",\"elements\":[{\"title\":"
             "\"Contact Support!\",\"buttons\":[{\"type\":\"audio_call\",\"title\":"
             "\"Call Now\",\"expires_in_days\":5}]}]}}}}",
             argv[5]);

    static struct answer answer;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "content-type: application/json");
    headers = curl_slist_append(headers, authorization);
    if (curl == NULL || headers == NULL)
        return 1;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);

    printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        int each = strncmp(line, "each ", 5) == 0;
        long count = strtol(each ? line + 5 : line, NULL, 10);
        uint64_t start = now();
        for (long i = 0; i < count; i++) {
            uint64_t begin = each ? now() : 0;
            sent_or_exit(curl, &answer);
            if (each)
                printf("%" PRIu64 " ", now() - begin);
        }
        if (!each)
            printf("%" PRIu64, now() - start);
        printf("\n");
        fflush(stdout);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return 0;
}
