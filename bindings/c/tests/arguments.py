"""Writes a C program that calls every function of the header with NULL in each
place where a pointer goes, with bytes that are not UTF-8 in each text, and with
every constant of other types in each place where one of a certain type goes.

    python3 arguments.py include/callcta.h > test_arguments.c

With `--symbols LIBRARY` instead, checks that the library, shared or static, exports
the functions of the header and nothing else.
"""

import re
import subprocess
import sys

# Parameters that may be NULL; every other pointer must not.
MAY_BE_NULL = {
    *("error", "receipt", "ticket", "user_data", "on_retry", "header"),
    *("session", "told", "arguments", "options", "until"),
}

# Texts that come from elsewhere, whatever bytes they are.
FOREIGN = {"header", "query"}

# What stands for the parameters that are right, by type or by name.
VALUES = {
    "int64_t": "5",
    "double": "1",
    "size_t": "1",
    "bool": "false",
    "callcta_button_type": "CALLCTA_BUTTON_WEB_URL",
    "callcta_form": "CALLCTA_TEXT",
    "callcta_option": "CALLCTA_OPTION_TAG",
    "callcta_recipient": "CALLCTA_RECIPIENT_PSID",
    "callcta_setting": "CALLCTA_SETTING_USER_AGENT",
    "callcta_on_retry": "on_retry",
    "callcta_on_done": "on_done",
    "void *": "NULL",
    "callcta_message * add_element": "generic",
    "json": '"{}"',
    "callcta_config_set_named name": '"user_agent"',
    "callcta_request_set_named name": '"tag"',
    "callcta_calling_request name": '"settings"',
    "arguments": '"{}"',
    "options": '"{}"',
    "settings": '"{\\"audio_enabled\\": true}"',
    "const callcta_cancel_token *": "token",
    "const callcta_client * other": "client",
    "psid": "PSID",
    "page_id": "PAGE_ID",
    "to": "PSID",
    "const void *": '"{}"',
    "const callcta_event *": "NULL",
}

PROLOGUE = """\
/* Written by arguments.py. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "testsupport.h"

static void on_retry(void *user_data, const callcta_error *error, uint32_t attempt, uint64_t wait) {
    (void)user_data, (void)error, (void)attempt, (void)wait;
}

static void on_done(void *user_data, const callcta_receipt *receipt, const callcta_error *error) {
    (void)user_data, (void)receipt, (void)error;
}

static const struct {
    uint32_t number;
    const char *type;
} CONSTANTS[] = {
/* CONSTANTS */};

#define ANYTHING ((void *)&anything)
static int anything;
static callcta_error *error;
static callcta_button *button;
static callcta_element *element;
static callcta_message *message, *generic;
static callcta_request *request;
static callcta_config *config;
static callcta_client *client;
static callcta_outbox *outbox;
static callcta_outboxes *outboxes;
static callcta_cancel_token *token;
static callcta_secrets *secrets;
static callcta_deduplicator *deduplicator;

/* A refused call says which parameter it was, and leaves nothing in its output. */
static void refused(callcta_status status, const char *message, const void *output, int line) {
    if (status != CALLCTA_INVALID_ARGUMENT || !error || !strstr(error->message, message) || output) {
        fprintf(stderr, "line %d: status %u, %s instead of %s, output %p\\n", line, status,
                error ? error->message : "no error", message, output);
        exit(1);
    }
    callcta_error_free(error);
}

int main(void) {
    callcta_status status;
    char expected[128];
    char *url = refusing_url();
    setenv("CALLCTA_PAGE_ID", PAGE_ID, 1);
    setenv("CALLCTA_ACCESS_TOKEN", TOKEN, 1);
    CHECK_OK(callcta_button_audio_call("T", 5, &button, &error));
    CHECK_OK(callcta_element_new("T", &element, &error));
    CHECK_OK(callcta_message_generic(&generic, &error));
    message = make_message();
    request = make_request(PSID);
    config = make_config(url);
    client = make_client(url);
    CHECK_OK(callcta_outbox_new(client, 0, 0, &outbox, &error));
    CHECK_OK(callcta_outboxes_new(0, 0, &outboxes, &error));
    CHECK_OK(callcta_cancel_token_new(&token, &error));
    CHECK_OK(callcta_secrets_new("secret", &secrets, &error));
    CHECK_OK(callcta_deduplicator_new(10, &deduplicator, &error));
"""

EPILOGUE = """\
    CHECK_OK(callcta_outbox_wait(outbox, &error));
    callcta_outbox_free(outbox);
    callcta_outboxes_free(outboxes);
    callcta_cancel_token_free(token);
    callcta_secrets_free(secrets);
    callcta_deduplicator_free(deduplicator);
    callcta_client_free(client);
    callcta_config_free(config);
    callcta_request_free(request);
    callcta_message_free(message);
    callcta_message_free(generic);
    callcta_element_free(element);
    callcta_button_free(button);
    refusing_url_free(url);
    printf("%d functions, %d NULLs, %d bad texts, %d wrong constants\\n", {functions}, {nulls},
           {texts}, {constants});
    return 0;
}}
"""


def functions(header):
    """(result, name, [(type, name)]) of each function."""
    header = re.sub(r"/\*.*?\*/|^#.*?$|typedef[^;{]*;", "", header, flags=re.S | re.M)
    for result, name, inside in re.findall(r"([\w *]+?)\b(callcta_\w+)\(([^)]*)\);", header):
        parameters = []
        for parameter in inside.split(","):
            parameter = " ".join(parameter.replace("struct ", "").split())
            if parameter != "void":
                kind, last = re.fullmatch(r"(.*?)(\w+)", parameter).groups()
                parameters.append((kind.strip(), last))
        yield result.strip(), name, parameters


def constants(header):
    """(type, number) of each constant of a type of ours."""
    for kind, inside in re.findall(r"enum (callcta_\w+)_constant \{(.*?)\n\};", header, re.S):
        for number in re.findall(r"^  CALLCTA_\w+ = (\d+),$", inside, re.M):
            yield kind, int(number)


def is_output(kind):
    return kind.endswith("**")


def is_pointer(kind):
    return kind.endswith("*") or kind.startswith("callcta_on_")


def value(function, kind, name):
    if kind == "const char *":
        return VALUES.get(f"{function} {name}", VALUES.get(name, '"t"'))
    if is_output(kind):
        return "&error" if name == "error" else "&output"
    for key in (kind, f"{kind} {'_'.join(function.split('_')[2:])}", f"{kind} {name}"):
        if key in VALUES:
            return VALUES[key]
    return name


def write(header):
    others = list(constants(header))
    table = "".join(f'    {{{number}u, "{kind}"}},\n' for kind, number in others)
    out = [
        PROLOGUE.replace("/* CONSTANTS */", table),
    ]
    count = nulls = texts = wrong = 0
    for result, function, parameters in functions(header):
        count += 1
        right = [value(function, *parameter) for parameter in parameters]
        output = next(
            (kind for kind, name in parameters if is_output(kind) and name != "error"), ""
        )

        def case(bad, place, then):
            """One call with this value in this place, and what holds after it."""
            call = f"{function}({', '.join([*right[:place], bad, *right[place + 1 :]])})"
            if result != "callcta_status":
                return f"    {call};\n"
            lines = ["error = ANYTHING;", f"status = {call};", then]
            if output:
                # Set to NULL on entry, unless it is itself what is bad.
                start = "NULL" if is_output(parameters[place][0]) else "ANYTHING"
                lines.insert(0, f"{output[:-1]}output = {start};")
            return "    {\n" + "".join(f"        {line}\n" for line in lines) + "    }\n"

        for place, (kind, name) in enumerate(parameters):
            if result == "callcta_status" and kind in dict(others):
                wrong += sum(of != kind for of, _ in others)
                then = (
                    f'snprintf(expected, sizeof expected, "{name} is %u, a %s, where a {kind} '
                    f'belongs", CONSTANTS[i].number, CONSTANTS[i].type); '
                    f"refused(status, expected, {'output' if output else 'NULL'}, __LINE__);"
                )
                out.append(
                    "    for (size_t i = 0; i < sizeof CONSTANTS / sizeof *CONSTANTS; i++)\n"
                    f'    if (strcmp(CONSTANTS[i].type, "{kind}") != 0)\n'
                )
                out.append(case("CONSTANTS[i].number", place, then))
            if not is_pointer(kind):
                continue
            nulls += 1
            output_then = "output" if output else "NULL"
            if name in MAY_BE_NULL:
                then = "CHECK(status != CALLCTA_INVALID_ARGUMENT);"
                if name != "error":
                    then += " callcta_error_free(error);"
                if output:
                    then += f" {free(output)}(output);"
            else:
                then = f'refused(status, "{name} is NULL", {output_then}, __LINE__);'
            out.append(case("NULL", place, then))
            if kind == "const char *" and name not in FOREIGN:
                texts += 1
                then = f'refused(status, "{name} is not UTF-8", {output_then}, __LINE__);'
                out.append(case('"\\xff"', place, then))
    out.append("    error = NULL;\n")
    out.append(EPILOGUE.format(functions=count, nulls=nulls, texts=texts, constants=wrong))
    return "".join(out)


def free(output):
    kind = output.replace("*", "").strip()
    return "callcta_string_free" if kind == "char" else f"{kind}_free"


def check_symbols(header, library):
    declared = {name for _, name, _ in functions(header)}
    table = "-g" if library.endswith(".a") else "-D"
    listed = subprocess.run(
        ["nm", table, "--defined-only", library], capture_output=True, text=True, check=True
    )
    # "000000000001c0a0 T callcta_version"
    lines = [line.split() for line in listed.stdout.splitlines()]
    exported = {line[2] for line in lines if len(line) == 3}
    for name in sorted(declared ^ exported):
        print(f"{name}: only in the {'header' if name in declared else 'library'}", file=sys.stderr)
    print(f"{len(exported)} symbols")
    return 1 if declared != exported else 0


def main(header_path, *rest):
    with open(header_path, encoding="utf-8") as file:
        header = file.read()
    if rest:
        return check_symbols(header, rest[1])
    sys.stdout.write(write(header))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
