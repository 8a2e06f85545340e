"""Turns every message of the vectors into code, and back.

`callcta code` says each message in each language; what it prints for one language becomes
one program, which is compiled and run, and whose messages are compared with those that went
in. A message that builders can say must be said by them, without a part in wire form. Whole programs
(`--program`) are compiled and run, too, and what they send is compared with the request.

    python3 tests/conformance/code.py PROGRAM FOLDER rust=RUNNER python=PYTHON node=PACKAGE c=LIBRARY

PROGRAM is the built `callcta`, FOLDER gets what is compiled, RUNNER runs the vectors in Rust
and says their wire forms; PYTHON is an interpreter that has the package, PACKAGE the folder of
Node's, LIBRARY that of the C library, its `lib` inside.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from run import STANDARD
from runners import platform, read_cases, run

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 600

# What languages quote in their own ways, beside what the vectors have.
TEXTS = [
    'it\'s "both" \\ kinds',
    "a\tb\nc\rd\u0001e\u007f1",
    "line\u2028paragraph\u2029",
    "bidi \u202e\u2066 hidden \u200b\ufeff\u00ad",
    "👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿 é ü 漢字 عربي",
    "what??/ ??= %s %d %%n ???? #{x} ${x} {x} {{x}}",
    '*/ // <!-- </script> \'\'\'""" r#"x"#',
    "nul \u0000 1",
    "",
    " ",
    "word " * 120,
]


def card(**more):
    element = {"title": "Card", "subtitle": "below", **more}
    payload = {"template_type": "generic", "elements": [element]}
    return {"attachment": {"type": "template", "payload": payload}}


def more_messages():
    """Messages beside those of the vectors."""
    for text in TEXTS:
        button = {"type": "postback", "title": text, "payload": text}
        yield {**card(title=text, buttons=[button], further={text: text}), "metadata": text}
        yield {"text": text}
    numbers = [0, -1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1]
    numbers += [0.5, -0.5, 1e300, 1e-7, 1e21, 123456789.125]
    yield card(numbers=numbers, nothing=None, on=True, off=False)
    for number in numbers:
        yield card(number=number, buttons=[{"type": "audio_call", "title": "Call", "n": number}])
    yield card(__proto__={"__proto__": 1, "constructor": 2, "a-b": 3, "1": 4, "class": 5})
    yield card(long=list(range(100)), deep=json.loads('{"a":' * 40 + "1" + "}" * 40))
    yield card(**{"dotted.name": 1})
    for days in (5, 7, 2**40, -2_000_000_000):
        call = {"type": "audio_call", "title": "Call", "expires_in_days": days}
        yield card(buttons=[call] * 3)
    action = {"type": "web_url", "url": "https://example.com", "messenger_extensions": True}
    yield card(default_action=action)
    yield card(default_action={**action, "title": "kept"})
    yield card(default_action={"type": "audio_call"})
    game = {"type": "game_play", "title": "Play", "game_metadata": {"player_id": "12"}}
    yield card(buttons=[game, {"type": "account_unlink"}])
    template = {"template_type": "calling_optin"}
    yield {"attachment": {"type": "template", "payload": template}, "metadata": "m", "x": 1}


# Which fields a button of a type needs, and which it may have.
BUTTONS = {
    "audio_call": ({"title"}, {"expires_in_days"}),
    "web_url": (
        {"title", "url"},
        {"webview_height_ratio", "messenger_extensions", "fallback_url", "webview_share_button"},
    ),
    "postback": ({"title", "payload"}, set()),
    "phone_number": ({"title", "payload"}, set()),
    "account_link": ({"url"}, set()),
    "account_unlink": (set(), set()),
    "game_play": ({"title"}, {"payload", "game_metadata"}),
}
TYPES = {
    "expires_in_days": int,
    "ttl_days": int,
    "messenger_extensions": bool,
    "sharable": bool,
    "game_metadata": dict,
    "elements": list,
    "buttons": list,
    "default_action": dict,
}
NAMES = {name for needed, more in BUTTONS.values() for name in needed | more}


def has_types(part, names):
    """Whether those of a part's fields that have a place of their own are of their types."""
    for name in names & part.keys():
        kind, value = TYPES.get(name, str), part[name]
        whole = kind is int and type(value) is float and value.is_integer()
        if type(value) is not kind and not whole:
            return False
    return True


def says_button(button, titled=True):
    if not isinstance(button, dict) or button.get("type") not in BUTTONS:
        return False
    needed, more = BUTTONS[button["type"]]
    needed = needed if titled else needed - {"title"}
    days = button.get("expires_in_days", 1)
    return (
        needed <= button.keys()
        and not (NAMES & button.keys()) - needed - more
        and has_types(button, NAMES)
        and (isinstance(days, str) or abs(days) < 1_000_000)
        and button.get("webview_height_ratio", "full") in ("compact", "tall", "full")
        and button.get("webview_share_button", "hide") == "hide"
    )


def says_element(element):
    if not isinstance(element, dict):
        return False
    action = element.get("default_action")
    names = {"title", "subtitle", "image_url", "default_action", "buttons"}
    return (
        "title" in element
        and has_types(element, names)
        and (action is None or (action.get("type") == "web_url" and says_button(action, False)))
        and all(map(says_button, element.get("buttons", [])))
    )


def says(message):
    """Why builders can't say a message, or None: the rules of the builders, read anew."""
    attachment = message.get("attachment")
    if not isinstance(attachment, dict) or attachment.get("type") != "template":
        return "no template"
    payload = attachment.get("payload")
    if not isinstance(payload, dict):
        return "no template"
    kind = payload.get("template_type")
    if kind not in ("generic", "button", "call_prompt"):
        return "a template without a builder"
    own = {"elements", "sharable", "text", "buttons", "ttl_days"}
    needed = {"generic": {"elements"}, "button": {"text", "buttons"}, "call_prompt": set()}[kind]
    more = {"generic": {"sharable"}, "button": set(), "call_prompt": {"ttl_days"}}[kind]
    if attachment.keys() != {"type", "payload"}:
        return "a field of the attachment"
    if not needed <= payload.keys() or (own & payload.keys()) - needed - more:
        return "a field of the template that is missing, or another's"
    if not has_types(payload, own) or type(message.get("metadata", "")) is not str:
        return "a field of another type"
    if not all(map(says_element, payload.get("elements", []))):
        return "an element or one of its buttons"
    if not all(map(says_button, payload.get("buttons", []))):
        return "a button"
    return None


def keys_of(value):
    """All names in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    names = list(value) if isinstance(value, dict) else []
    return names + [key for each in inner for key in keys_of(each)]


def is_large(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(is_large(each) for each in inner)


def may_be_raw(language, message):
    """Whether the code of a message may have a part in wire form."""
    if says(message) is not None:
        return True
    if language == "rust":
        # Long JSON can't stand in `json!`, 31 values with the names of the further fields.
        return is_large(message) > 31
    if language == "c":
        # A field's name in C can't have a dot or U+0000, nor can a button template's text.
        text = message["attachment"]["payload"].get("text", "")
        return "\0" in text or any("." in key or "\0" in key for key in keys_of(message))
    return False


RAW = {
    "rust": re.compile(r"from_json\(|::raw\("),
    "python": re.compile(r"Raw(Message|Button)\(|from_dict\("),
    "typescript": re.compile(r"\braw: "),
    "c": re.compile(r"from_json\(|CALLCTA_BUTTON_JSON"),
}


def code(program, language, text, *more):
    command = [program, "code", "-", "--lang", language, *more]
    return subprocess.run(command, input=text.encode(), capture_output=True, timeout=SECONDS)


def done(command, **more):
    """What a program prints; an end with anything but 0 ends this one."""
    given = {"stdout": subprocess.PIPE, "text": True, "timeout": SECONDS, **more}
    result = subprocess.run(command, **given)
    if result.returncode != 0:
        print(result.stdout)
        sys.exit(f"{command[0]}: ended with {result.returncode}")
    return result.stdout


def compile_rust(path, runner):
    build = [
        "cargo",
        "build",
        "--locked",
        "--quiet",
        "-p",
        "callcta",
        "--example",
        "vectors_runner",
    ]
    artifacts = done([*build, "--message-format=json"], cwd=ROOT).splitlines()
    libraries = {}
    for artifact in map(json.loads, artifacts):
        name = artifact.get("target", {}).get("name")
        if artifact["reason"] == "compiler-artifact" and name in ("callcta", "serde_json"):
            for file in artifact["filenames"]:
                if file.endswith(".rlib"):
                    libraries[name] = file
    deps = Path(runner).parent.parent / "deps"
    externs = [part for name, file in libraries.items() for part in ("--extern", f"{name}={file}")]
    made = path.with_name(f"{path.stem}-rust")
    done(
        ["rustc", "--edition", "2024", "-Cdebuginfo=0", "-Dwarnings", f"-Ldependency={deps}", *externs,
         "-o", made, path]
    )  # fmt: skip
    return [made]


def run_rust(codes, folder, runner):
    """One program of functions that make a message each."""
    source = "".join(
        f"fn case_{at}() -> callcta::Result<callcta::Message> {{\n{text}    Ok(message)\n}}\n"
        for at, text in codes.items()
    )
    prints = "".join(f'    println!("{at} {{}}", case_{at}()?.to_json());\n' for at in codes)
    source += f"fn main() -> callcta::Result<()> {{\n{prints}    Ok(())\n}}\n"
    path = folder / "code.rs"
    path.write_text(source, encoding="utf-8")
    return done(compile_rust(path, runner))


def run_python(codes, folder, interpreter):
    show = "import json\n\n\ndef show(at, message):\n    print(at, message.to_json())\n\n\n"
    path = folder / "code_python.py"
    text = "".join(f"{text}show({at}, message)\n\n" for at, text in codes.items())
    path.write_text(show + text, encoding="utf-8")
    return done([interpreter, path])


def with_package(folder, package):
    modules = folder / "node_modules"
    modules.mkdir(exist_ok=True)
    link = modules / "callcta"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(package).resolve(), target_is_directory=True)
    return modules


def compile_typescript(path, package):
    modules = with_package(path.parent, package)
    options = [
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--typeRoots",
        modules / "none",
    ]
    tsc = Path(package).resolve() / "node_modules/.bin/tsc"
    done(
        [tsc, *options, "--types", "", "--lib", "es2022,dom", "--skipLibCheck", path],
        cwd=path.parent,
    )
    return ["node", path.with_suffix(".mjs")]


def compile_javascript(path, package):
    with_package(path.parent, package)
    return ["node", path]


def run_typescript(codes, folder, package):
    imported = "import type { Message } from 'callcta';\n"
    text = """import { toWire, type Message } from 'callcta';

const big = (_: string, value: unknown) =>
  typeof value === 'bigint' ? `\\0big ${value}` : value;
const show = (at: number, message: Message) =>
  console.log(at, JSON.stringify(toWire(message), big));

"""
    for at, one in codes.items():
        assert one.startswith(imported), one
        text += f"{{\n{one.removeprefix(imported)}show({at}, message);\n}}\n"
    path = folder / "code.mts"
    path.write_text(text, encoding="utf-8")
    return done(compile_typescript(path, package))


def compile_c(path, library):
    lib = Path(library).resolve() / "lib"
    # Texts may be longer than what every compiler must take.
    flags = [
        "-std=c11",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "-Wno-overlength-strings",
        "-trigraphs",
    ]
    include = ROOT / "bindings/c/include"
    made = path.with_name(f"{path.stem}-c")
    done(
        ["cc", *flags, "-Wtrigraphs", f"-I{include}", "-o", made, path, f"-L{lib}",
         "-lcallcta", f"-Wl,-rpath,{lib}"]
    )  # fmt: skip
    return [made]


def run_c(codes, folder, library):
    include = "#include <callcta.h>\n\n"
    text = "#include <stdio.h>\n" + include
    text += """static void show(int at, callcta_status (*make)(callcta_message **, callcta_error **)) {
    callcta_message *message;
    callcta_error *error;
    char *json = NULL;
    if (make(&message, &error) || callcta_message_to_json(message, &json, &error))
        printf("%d \\"%s\\"\\n", at, error->message);
    else
        printf("%d %s\\n", at, json);
    callcta_string_free(json);
    callcta_message_free(message);
    callcta_error_free(error);
}

"""
    for at, one in codes.items():
        assert one.startswith(include), one
        text += one.removeprefix(include).replace(" make_message(", f" make_case_{at}(")
    calls = "".join(f"    show({at}, make_case_{at});\n" for at in codes)
    text += f"int main(void) {{\n{calls}    return 0;\n}}\n"
    path = folder / "code.c"
    path.write_text(text, encoding="utf-8")
    return done(compile_c(path, library))


# What makes a command of a whole program, and how its file ends.
COMPILERS = {
    "rust": (compile_rust, "rs"),
    "python": (lambda path, interpreter: [interpreter, path], "py"),
    "typescript": (compile_typescript, "mts"),
    "javascript": (compile_javascript, "mjs"),
    "c": (compile_c, "c"),
}

CALL = {"type": "audio_call", "title": "Call Now", "expires_in_days": 5}
REQUESTS = {
    "card": {"recipient": {"id": "254"}, "message": card(buttons=[CALL])},
    "options": {
        "recipient": {"user_ref": "ref 1"},
        "message": {"text": 'it\'s "both" \\ kinds', "metadata": "m"},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "notification_type": "NO_PUSH",
        "persona_id": "12",
        "reply_to": {"mid": "m_1"},
    },
    "further": {
        "recipient": {"comment_id": "1_2"},
        "message": {
            "attachment": {"type": "template", "payload": {"template_type": "call_prompt"}}
        },
        "later": {"a": [1, None]},
    },
}


def check_programs(program, folder, given):
    """Compiles and runs whole programs; what is wrong with what they send."""
    cases = {("programs", f"{of}-{language}"): {} for of in REQUESTS for language in COMPILERS}
    settings = {**os.environ, "CALLCTA_PAGE_ID": "1", "CALLCTA_ACCESS_TOKEN": "token"}
    problems = []
    with platform(cases, STANDARD) as server:
        for of, request in REQUESTS.items():
            for language, (compiled, end) in COMPILERS.items():
                result = code(program, language, json.dumps(request), "--program")
                path = folder / f"{of}.{end}"
                path.write_bytes(result.stdout)
                command = compiled(path, given[language])
                url = f"{server.url}/programs/{of}-{language}"
                said = done(command, env={**settings, "CALLCTA_BASE_URL": url})
                if not said.startswith("sent "):
                    problems.append(f"{language}: the program of {of} says {said!r}")
        arrived = server.take_requests()
    for case in cases:
        bodies = [request.get("body") for request in arrived.get(case, [])]
        if bodies != [REQUESTS[case[1].rpartition("-")[0]]]:
            problems.append(f"the program {case[1]} sent {bodies}")
    print(f"{len(cases)} whole programs, {len(problems)} differences")
    return problems


RUNS = {"rust": run_rust, "python": run_python, "typescript": run_typescript, "c": run_c}


def unmarked(value):
    """A value with the whole numbers that JavaScript had as bigints."""
    if isinstance(value, dict):
        return {key: unmarked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [unmarked(each) for each in value]
    is_big = isinstance(value, str) and value.startswith("\0big ")
    return int(value.removeprefix("\0big ")) if is_big else value


def collect(runner):
    """The messages of the vectors and more, with the texts that they are read from."""
    cases = read_cases()
    with platform(cases, STANDARD) as server:
        reports = run(runner, url=server.url)
    messages, unreadable = {}, []
    for key, case in cases.items():
        text = case["message"].get("json")
        message = reports[key].get("message")
        if message is None:
            unreadable.append(text)
            continue
        messages.setdefault(text or json.dumps(message), message)
    from_vectors = len(messages)
    for message in more_messages():
        messages.setdefault(json.dumps(message), message)
    return messages, from_vectors, unreadable


def main(program, folder, *arguments):
    given = dict(argument.split("=", 1) for argument in arguments)
    given["typescript"] = given.pop("node")
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    messages, from_vectors, unreadable = collect(given["rust"])
    texts, wanted = list(messages), list(messages.values())
    reasons = [says(message) for message in wanted]
    print(f"{from_vectors} messages of the vectors, {len(texts) - from_vectors} more")
    for reason in sorted({reason for reason in reasons if reason}):
        print(f"  {reasons.count(reason)} can't be said by builders alone: {reason}")
    problems = []
    for text in unreadable:
        if code(program, "rust", text).returncode != 1:
            problems.append(f"code for what is no message: {text!r}")
    print(f"  {len(unreadable)} are no messages, and there is no code for them")
    for language, runs in RUNS.items():
        with ThreadPoolExecutor(4) as pool:
            printed = list(pool.map(lambda text: code(program, language, text), texts))
        codes = {}
        for at, result in enumerate(printed):
            if result.returncode != 0:
                problems.append(f"{language}: no code for {texts[at]}")
                continue
            codes[at] = result.stdout.decode()
        lines = runs(codes, folder, given[language]).strip().split("\n")
        came = dict(line.split(" ", 1) for line in lines)
        differences, raw = 0, 0
        for at, text in codes.items():
            message = unmarked(json.loads(came.get(str(at), "null")))
            if message != wanted[at]:
                differences += 1
                problems.append(f"{language}: {texts[at]}\n  came back as {message}\n{text}")
            if RAW[language].search(text):
                raw += 1
                if not may_be_raw(language, wanted[at]):
                    problems.append(f"{language}: builders can say {texts[at]}\n{text}")
        print(
            f"{language}: {len(codes)} messages through code, {len(codes) - raw} by builders alone, "
            f"{raw} with a part in wire form, {differences} differences"
        )
    problems += check_programs(program, folder, {**given, "javascript": given["typescript"]})
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
