// @ts-check
/** The pages of scenes: paragraphs, emphasis and code of their docstrings, as elements. */
import { make } from "../dom.js";

/**
 * @typedef {{title: string, paragraphs: string[]}} Section
 */

/**
 * A page in its parts: the first sentence, and the sections under their headings.
 *
 * @param {string} page
 * @returns {{lead: string, sections: Section[]}}
 */
export function parse(page) {
  const [lead, ...rest] = page.split(/^## /m);
  return {
    lead: lead.trim().replace(/\s+/g, " "),
    sections: rest.map((text) => {
      const [title, ...body] = text.split("\n");
      return { title: title.trim(), paragraphs: body.join("\n").trim().split(/\n\s*\n/).map((p) => p.replace(/\s+/g, " ")) };
    }),
  };
}

/**
 * Text with `code` and *emphasis* in it.
 *
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function inline(text) {
  return text.split(/(`[^`]+`|\*[^*\s][^*]*\*)/).filter(Boolean).map((part) => {
    if (part.startsWith("`")) return make("code", {}, part.slice(1, -1));
    if (part.startsWith("*") && part.length > 2) return make("em", {}, part.slice(1, -1));
    return part;
  });
}

/** @param {Section} section */
export function block(section) {
  return make("section", {}, make("h2", {}, section.title), ...section.paragraphs.map((p) => make("p", {}, ...inline(p))));
}
