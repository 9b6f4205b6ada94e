/* What scripts add to pages that work without them: suggestions while typing, choosing without a full
   page load, an order page that follows its order, and buttons that are not pressed twice. */
"use strict";

document.documentElement.classList.add("script");

/** Replace the page's main part by that of the page at `url`; false if it could not be had. */
async function swap(url) {
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("main");
    if (!next) return false;
    const now = document.querySelector("main");
    if (now.dataset.version && now.dataset.version === next.dataset.version) {
      now.dataset.follow = next.dataset.follow || "";
      return true;
    }
    document.title = page.title;
    now.replaceWith(document.adoptNode(next));
    return true;
  } catch {
    return false;
  }
}

/** Look at the order again and again, more slowly as time goes by, until nothing is awaited any more. */
async function follow() {
  for (let turn = 0; ; turn += 1) {
    const main = document.querySelector("main[data-follow]");
    if (!main || !main.dataset.follow) return;
    await new Promise((done) => setTimeout(done, Math.min(1000 + turn * 250, 8000)));
    if (!document.hidden) await swap(main.dataset.follow);
  }
}

function suggest(field, list) {
  let timer = 0;
  let asked = "";
  field.addEventListener("input", (event) => {
    const chosen = [...list.options].find((option) => option.value === field.value);
    if (chosen && event.inputType !== "insertText" && event.inputType !== "deleteContentBackward") {
      field.form.requestSubmit();
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = field.value.trim();
      if (text.length < 2 || text === asked) return;
      asked = text;
      try {
        const answer = await fetch(`/v1/search/suggestions?q=${encodeURIComponent(text)}`);
        if (!answer.ok) return;
        const { items } = await answer.json();
        list.replaceChildren(
          ...items.slice(0, 8).map((item) => Object.assign(document.createElement("option"), { value: item.text })),
        );
      } catch {
        /* The search works without suggestions. */
      }
    }, 150);
  });
}

function resend(form) {
  const words = form.querySelector("[data-resend-text]");
  let left = Number(form.dataset.resend);
  if (!left) return;
  const tick = () => {
    words.textContent = left > 0 ? `Asking again by itself in ${left} s.` : "";
    if (left <= 0) form.requestSubmit();
    else setTimeout(tick, 1000);
    left -= 1;
  };
  tick();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter || form.querySelector("button[type=submit]");
  if (button && form.dataset.once) {
    button.dataset.words = button.textContent;
    button.textContent = form.dataset.once;
  }
});

/* A page that comes back out of the browser's memory may be sent once more. */
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    const button = form.querySelector("button[data-words]");
    if (button) button.textContent = button.dataset.words;
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]") && event.target.form.reportValidity()) event.target.form.requestSubmit();
});

document.addEventListener("click", async (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-swap], a[data-show]");
  if (!link) return;
  event.preventDefault();
  if (link.matches("[data-show]")) {
    const main = document.querySelector("img.gallery-main");
    main.src = link.href;
    main.alt = link.dataset.show;
    return;
  }
  if (!(await swap(link.href))) {
    location.assign(link.href);
    return;
  }
  history.replaceState(null, "", link.href);
  const current = [...document.querySelectorAll("a[data-swap]")].find((other) => other.href === link.href);
  if (current) current.focus();
});

document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("find");
  if (field) suggest(field, document.getElementById("found"));
  const filters = document.querySelector("details.filters");
  if (filters && matchMedia("(max-width: 52rem)").matches) filters.open = false;
  document.querySelector("[role=alert][tabindex]")?.focus();
  for (const form of document.querySelectorAll("form[data-resend]")) resend(form);
  follow();
});
