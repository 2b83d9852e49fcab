/* The page for programs: copies a command. Without scripts, or where copying is not allowed, it can be selected. */

const told = document.getElementById("api-copied");

if (navigator.clipboard) {
  for (const button of document.querySelectorAll(".api-copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const command = button.parentElement.querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(command);
        told.textContent = "Copied.";
        button.textContent = "Copied";
      } catch {
        told.textContent = "This browser does not allow copying. Select the command and copy it.";
      }
      setTimeout(() => {
        button.textContent = "Copy";
        told.textContent = "";
      }, 3000);
    });
  }
}
