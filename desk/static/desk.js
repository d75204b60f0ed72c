// What all pages of the desk share. No inline scripts, nothing evaluated.
"use strict";

// Every change that htmx asks for carries the session's token.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF"] = document.body.dataset.csrf || "";
});
// Errors come as a line for the corner (see desk/app.py).
document.addEventListener("htmx:sendError", () => say("网络不通，请稍后重试"));

function say(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ""; }, 6000);
}
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "toast") say(event.detail.target.textContent);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
    document.dispatchEvent(new Event("theme"));
  }
  const who = document.querySelector("details.who[open]");
  if (who && !who.contains(event.target)) who.open = false;
});

// Dialogs: <button data-opens="ID">, closed by their own forms or Escape.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  if (event.target.closest("[data-closes]")) event.target.closest("dialog").close();
});

// A form that submits itself when a choice is made: <form data-live>.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-live]");
  if (form) form.requestSubmit();
});
