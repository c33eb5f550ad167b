// @ts-check
/** Data of one's own: a CSV file, chosen or dropped. It goes to the server on this machine and no further. */
import { postJSON } from "../api.js";
import { make } from "../dom.js";
import { count } from "../format.js";
import { trouble } from "../site.js";

/** @param {(table: {key: string, names: string[], rows: number, notes: string[]}) => void} took */
export function dropZone(took) {
  const input = make("input", { type: "file", accept: ".csv,text/csv,text/plain", id: "own-file" });
  const said = make("p", { className: "quiet", role: "status" }, "Numbers; the last column is the target. Up to 1 MiB.");
  const zone = make("div", { className: "drop" }, make("label", { for: "own-file" }, "Your CSV: drop it here, or choose it. "), input, said);
  /** @param {File | undefined} file */
  const take = async (file) => {
    if (!file) return;
    try {
      const table = await postJSON("/api/lab/data", file);
      said.textContent = [`${file.name}: ${count(table.rows, "row")}, ${table.names.slice(0, -1).join(", ")} → ${table.names.at(-1)}.`, ...table.notes].join(" ");
      took(table);
    } catch (problem) {
      said.textContent = `${file.name} was not taken.`;
      trouble(problem);
    }
  };
  input.addEventListener("change", () => take(input.files?.[0]));
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    take(event.dataTransfer?.files[0]);
  });
  return zone;
}
