// The desk works without this: here are keys, and the differences of a right value as it is typed.
"use strict";
(() => {
  const OFF = "review-keys-off";
  const isOff = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };
  const dialog = document.getElementById("help");

  // what was said first is heard first
  (document.getElementById("failed") || document.getElementById("title"))?.focus({ preventScroll: true });

  const show = () => {
    for (const one of document.querySelectorAll("[data-keys-state], [data-keys-toggle]")) {
      one.textContent = isOff() ? one.dataset.off : one.dataset.on;
    }
  };
  for (const one of document.querySelectorAll(".toggle")) one.hidden = false;
  for (const one of document.querySelectorAll("[data-keys-toggle]")) {
    one.addEventListener("click", () => {
      try { isOff() ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"); } catch { /* none */ }
      show();
    });
  }
  show();
  for (const one of document.querySelectorAll("[data-help]")) {
    one.addEventListener("click", (event) => {
      if (dialog?.showModal) { event.preventDefault(); dialog.showModal(); }
    });
  }

  const writes = (target) => target.matches?.(
    "textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]");
  const choose = (radio) => {
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    if (radio.hasAttribute("data-corrects")) {
      const rights = document.querySelector("details.rights");
      if (rights) { rights.open = true; rights.querySelector("input").focus(); return; }
    }
    const reason = document.getElementById("reason");
    (reason && !reason.value ? reason : radio).focus();
  };

  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("form[data-answer]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button.first"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isOff() || dialog?.open || writes(event.target)) return;
    if (event.key === "?" || event.key === "؟") {
      if (dialog?.showModal) { event.preventDefault(); dialog.showModal(); }
      return;
    }
    // the place of a key, so that a Persian layout does as well as a Latin one
    const key = /^Key[A-Z]$/.test(event.code) ? event.code[3].toLowerCase()
      : /^(Digit|Numpad)[1-9]$/.test(event.code) ? event.code.slice(-1) : "";
    if (!key || event.shiftKey) return;
    const radio = document.querySelector(`input[data-key="${key}"]`);
    const button = document.querySelector(`button[data-press="${key}"]`);
    if (radio) { event.preventDefault(); choose(radio); }
    else if (button) { event.preventDefault(); button.click(); }
    else if (key === "d") {
      const reason = document.getElementById("reason");
      if (reason) { event.preventDefault(); reason.focus(); }
    }
  });

  for (const radio of document.querySelectorAll("input[data-corrects]")) {
    radio.addEventListener("change", () => {
      const rights = document.querySelector("details.rights");
      if (radio.checked && rights) rights.open = true;
    });
  }

  // letters that a right value does not have, marked on either side as they are typed
  const fold = (text) => [...text.normalize("NFKC")].map((one) => ({
    "ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ؤ": "و", "ئ": "ی",
  })[one] || one.replace(/[٠-٩]/, (d) => "0123456789"[d.charCodeAt(0) - 0x660])
    .replace(/[۰-۹]/, (d) => "0123456789"[d.charCodeAt(0) - 0x6f0]));
  const marked = (text, other) => {
    const a = fold(text), b = fold(other), letters = [...text.normalize("NFKC")];
    const best = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) {
      best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
    const parts = [];
    let i = 0, j = 0;
    while (i < a.length) {
      const same = j < b.length && a[i] === b[j] && best[i][j] === best[i + 1][j + 1] + 1;
      if (!same && j < b.length && best[i][j + 1] > best[i + 1][j]) { j++; continue; }
      const differs = !same && !/[\s\u200c/-]/.test(letters[i]);
      if (parts.length && parts[parts.length - 1][1] === differs) parts[parts.length - 1][0] += letters[i];
      else parts.push([letters[i], differs]);
      i++; if (same) j++;
    }
    return parts;
  };
  for (const input of document.querySelectorAll(".right input")) {
    const sides = input.closest(".right").querySelectorAll("[data-side]");
    const redraw = () => {
      for (const side of sides) {
        const value = input.dataset[side.dataset.side];
        if (!value) continue;
        side.replaceChildren(...(input.value.trim() ? marked(value, input.value) : [[value, false]])
          .map(([text, differs]) => {
            if (!differs) return document.createTextNode(text);
            const mark = document.createElement("mark");
            mark.textContent = text;
            return mark;
          }));
      }
    };
    input.addEventListener("input", redraw);
    redraw();
  }
})();
