// @ts-check
/** The script of an experiment, in a window over the page. */
import { byId } from "../dom.js";
import { trouble } from "../site.js";

let wired = false;

/** @param {string} scene @param {Record<string, any>} settings */
export async function openScript(scene, settings) {
  const response = await fetch("/api/lab/script", {
    method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body: JSON.stringify({ scene, settings }),
  });
  if (!response.ok) { trouble(new Error("there is no script of this")); return; }
  const text = await response.text(), dialog = /** @type {HTMLDialogElement} */ (byId("script"));
  byId("script-text").textContent = text;
  const save = /** @type {HTMLAnchorElement} */ (byId("script-save"));
  URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(new Blob([text], { type: "text/x-python" }));
  save.download = `${scene}.py`;
  if (!wired) {
    wired = true;
    byId("script-close").addEventListener("click", () => dialog.close());
    byId("script-copy").addEventListener("click", async () => {
      await navigator.clipboard.writeText(byId("script-text").textContent ?? "").catch(() => {});
      byId("script-copy").textContent = "Copied";
    });
  }
  byId("script-copy").textContent = "Copy";
  dialog.showModal();
}
