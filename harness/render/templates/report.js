"use strict";
// A button beside each command copies that command, and nothing else of the page.
{
  const said = document.getElementById("said");
  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(code);
      return document.execCommand("copy");
    }
  };
  for (const pre of document.querySelectorAll("pre[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${pre.dataset.copy}`);
    button.addEventListener("click", async () => {
      const done = await copy(pre.querySelector("code"));
      button.textContent = done ? "Copied" : "Press Ctrl+C";
      said.textContent = done ? `Copied ${pre.dataset.copy}` : "The command is selected: press Ctrl+C";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    pre.before(button);
  }
}
