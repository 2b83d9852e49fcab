// Applies the stored theme before the first paint (a classic script in <head>), then runs the switch in the masthead.
// Knows the words "light", "dark" and "auto" and nothing of any page; colours live in base.css.
(() => {
  "use strict";
  const KEY = "engageai-theme";
  const ORDER = ["auto", "light", "dark"];
  const NAMES = { auto: "Automatic", light: "Light", dark: "Dark" };
  const root = document.documentElement;

  const stored = () => {
    try {
      const value = localStorage.getItem(KEY);
      return ORDER.includes(value) ? value : "auto";
    } catch {
      return "auto"; // storage may be forbidden; the page then follows the system
    }
  };

  const remember = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // the choice then lasts as long as the page
    }
  };

  const apply = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent("engageai:theme"));
  };

  root.dataset.script = ""; // what needs scripts is hidden without them
  let theme = stored();
  apply(theme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => apply(theme));

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    const show = () => {
      button.querySelector("[data-theme-name]").textContent = NAMES[theme];
      for (const icon of button.querySelectorAll("[data-icon]")) icon.toggleAttribute("hidden", icon.dataset.icon !== theme);
    };
    button.addEventListener("click", () => {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      remember(theme);
      apply(theme);
      show();
    });
    show();
    button.hidden = false;
  });
})();
