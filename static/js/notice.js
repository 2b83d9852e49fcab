// The notice to print: what is typed beside the sheet appears on it, and goes nowhere else.

const form = document.getElementById("fill");
const sheet = document.getElementById("sheet");
const place = (name) => sheet.querySelector(`[data-told="${name}"]`);
const chosen = (name) => form.elements[name].selectedOptions[0];

const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const tell = () => {
  const isRegulated = "regulated" in chosen("purpose").dataset;
  const exemption = isRegulated ? chosen("exemption").dataset.told : "";
  form.querySelector("[data-if-regulated]").hidden = !isRegulated;
  sheet.dataset.reads = isRegulated && !exemption ? "presence" : "expressions";
  place("purpose").textContent = sentence(chosen("purpose").dataset.told) + (exemption ? `, for ${exemption}` : "");
  place("contact").textContent = form.elements.contact.value.trim();
  place("basis").textContent = sentence(form.elements.basis.value.trim());
  const occasion = form.elements.occasion.value.trim();
  place("occasion").textContent = occasion;
  sheet.querySelector("[data-told-occasion]").hidden = !occasion;
};

form.addEventListener("input", tell);
form.addEventListener("submit", (event) => event.preventDefault());
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => print());
tell();
