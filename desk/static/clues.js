// Triage by keyboard over the list of clues: j k x y n o ? (see the sheet in clues.html).
"use strict";

(() => {
  const form = document.getElementById("verdicts");
  const rows = () => [...form.querySelectorAll("tr[data-clue]")];
  const ticked = () => rows().filter((row) => row.querySelector("input:checked"));
  const on = document.getElementById("keys-on");
  let at = null; // the clue's id, since rows are put in anew
  let sent = false;
  let button = null;

  // One key alone does something only as long as the officer wants it so.
  on.checked = localStorage.getItem("keys") !== "off";
  on.addEventListener("change", () => localStorage.setItem("keys", on.checked ? "on" : "off"));

  function go(row) {
    if (!row) return;
    rows().forEach((one) => one.classList.toggle("at", one === row));
    at = row.dataset.clue;
    row.querySelector("a.open").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
  const current = () => rows().find((row) => row.dataset.clue === at);
  function step(by) {
    const all = rows();
    const place = all.findIndex((row) => row.dataset.clue === at);
    go(all[place < 0 ? 0 : Math.min(all.length - 1, Math.max(0, place + by))]);
  }
  function count() {
    const chosen = document.getElementById("chosen");
    if (chosen) chosen.textContent = `${chosen.dataset.said} ${ticked().length}`;
  }
  // Those that are ticked, or the one at hand.
  function choose() {
    const row = current();
    if (!ticked().length && row) {
      const box = row.querySelector("input[name=pick]");
      if (box) box.checked = true;
    }
    count();
    return ticked();
  }
  function judge(step) {
    const chosen = choose();
    const reason = document.getElementById("reason");
    if (!chosen.length || !reason) return;
    // A verdict wants a reason; triage and the start of a verification do not.
    if (step === "no" || chosen.some((row) => row.dataset.state === "verifying")) {
      reason.showModal();
      reason.querySelector("select").focus();
    } else {
      form.requestSubmit(document.getElementById("yes"));
    }
  }

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    x: () => { const box = current()?.querySelector("input[name=pick]"); if (box) { box.checked = !box.checked; count(); } },
    y: () => judge("yes"),
    n: () => judge("no"),
    o: () => current()?.querySelector("a.open").click(),
    "/": () => document.querySelector("input[name=text]:not(#find)").focus(),
    "?": () => document.getElementById("keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const where = event.target;
    if (document.querySelector("dialog[open]")) return;
    const box = where.matches("input[type=checkbox]");
    if (box && event.key === "Enter") {
      // Else the form would be sent with its first button.
      event.preventDefault();
      where.closest("tr[data-clue]")?.querySelector("a.open").click();
      return;
    }
    if (!on.checked || (where.matches("input, select, textarea, [contenteditable]") && !box)) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  form.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-clue]");
    if (!row) return;
    at = row.dataset.clue;
    rows().forEach((one) => one.classList.toggle("at", one === row));
  });
  form.addEventListener("change", (event) => {
    if (event.target.id === "all") {
      for (const box of form.querySelectorAll("input[name=pick]")) box.checked = event.target.checked;
    }
    count();
  });
  // Which button it was, htmx knows only of one that was clicked and still has the focus.
  form.addEventListener("submit", (event) => {
    sent = true;
    button = event.submitter;
    document.getElementById("reason")?.close();
  }, true);
  form.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== form || !button) return;
    const said = event.detail.parameters;
    said.step = button.value;
    // A reason that was begun in the sheet and left there is not this step's.
    if (button.id === "yes") said.usual = said.why = "";
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    // Once, of the verdicts' answer: the count of the list may arrive between.
    if (!sent || event.detail.requestConfig?.elt !== form) return;
    sent = false;
    // On to the next: rows that were judged are new elements by now, without a tick.
    form.querySelectorAll("#reason select, #reason textarea").forEach((one) => { one.value = ""; });
    const all = document.getElementById("all");
    if (all) all.checked = false;
    count();
    step(1);
  });
  count();
})();
