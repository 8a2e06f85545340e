
// The preview: draws the message, puts each finding to its place, makes tabs of the code.

const { message, clickable } = JSON.parse($("data").textContent);

const said = (tapped) => {
  const buttons = message.attachment?.payload?.elements?.[tapped.element]?.buttons
    ?? message.attachment?.payload?.buttons;
  const button = buttons?.[tapped.button];
  $("said").textContent = button?.type === "postback" || "quick_reply" in tapped
    ? "A tap here sends its payload to the webhook."
    : "approve" in tapped ? "A tap here answers the request." : "A tap here calls the Page.";
};

$("stage").replaceChildren(draw({ id: "m", body: { message } }, {
  tap: said,
  clickable: (element, button) => {
    const days = clickable[`${element}.${button}`];
    return days && { left: `for ${days}`, title: `Clickable for ${days} after it is sent` };
  },
}));

/** The part of the drawing that a path leads to, or the nearest one around it. */
function partOf(path) {
  const parts = [...$("stage").querySelectorAll("[data-part]")];
  const within = ({ dataset: { part } }) => path === part || (path.startsWith(part) && /[.[]/.test(path[part.length]));
  return parts.filter(within).sort((a, b) => b.dataset.part.length - a.dataset.part.length)[0];
}

/** The list of what was found about a part, behind it. */
function listBehind(part) {
  const around = part.closest(".text > *") ?? part;
  const inside = part.matches(".card");
  const next = inside ? part.querySelector(":scope > ul.here") : around.nextElementSibling;
  if (next?.matches("ul.here")) return next;
  const made = h(inside ? "ul.here.whole" : "ul.here", { id: `here-${document.querySelectorAll("ul.here").length}`, "aria-label": "Found here" });
  if (inside) part.append(made);
  else around.after(made);
  part.setAttribute("aria-describedby", made.id);
  return made;
}

for (const finding of [...$("findings").children]) {
  const kind = finding.classList.contains("error") ? "error" : "warning";
  const part = !finding.classList.contains("note") && partOf(finding.dataset.path);
  if (!part) continue;
  const rest = finding.dataset.path.slice(part.dataset.part.length).replace(/^\./, "");
  listBehind(part).append(finding);
  finding.title = finding.dataset.path;
  if (rest) finding.querySelector(".path").after(h("b", {}, rest));
  if (!part.classList.contains("marked-error")) {
    part.classList.remove("marked-warning");
    part.classList.add(`marked-${kind}`);
  }
}
$("found").hidden = $("findings").children.length === 0;
$("seen").before($("found"));

// Tabs

const sections = [...$("languages").children];
const tabs = sections.map((section, at) => {
  const name = section.querySelector("h3").textContent;
  section.id = `code-${at}`;
  section.setAttribute("role", "tabpanel");
  section.removeAttribute("aria-label");
  section.setAttribute("aria-labelledby", `tab-${at}`);
  section.querySelector("h3").remove();
  return h("button", {
    type: "button", role: "tab", id: `tab-${at}`, "aria-controls": section.id, onclick: () => select(at),
  }, name);
});

function select(at, focus) {
  sections.forEach((section, n) => { section.hidden = n !== at; });
  tabs.forEach((tab, n) => {
    tab.setAttribute("aria-selected", String(n === at));
    tab.tabIndex = n === at ? 0 : -1;
  });
  if (focus) tabs[at].focus();
}

const tablist = h("div", {
  role: "tablist", "aria-label": "Language",
  onkeydown: (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select((to + tabs.length) % tabs.length, true);
  },
}, tabs);

const copied = h("span.label", {}, "Copy");
const copyCode = async () => {
  const pre = sections.find((section) => !section.hidden).querySelector("pre");
  try {
    await navigator.clipboard.writeText(pre.textContent);
    copied.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(pre);
    copied.textContent = "Selected: copy it";
  }
  setTimeout(() => { copied.textContent = "Copy"; }, 3000);
};
$("languages").before(h("div.tabbar", {}, tablist, h("button.copy", { type: "button", "aria-live": "polite", onclick: copyCode }, icon("copy"), copied)));
$("languages").classList.add("tabbed");
select(0);
