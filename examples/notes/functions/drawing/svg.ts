// Draws a two-part badge as SVG.
const CHARACTER_WIDTH = 7;
const PADDING = 10;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

function widthOf(text: string): number {
  return text.length * CHARACTER_WIDTH + 2 * PADDING;
}

export function renderBadge(label: string, value: string, colour = "#0a7"): string {
  const [left, right] = [widthOf(label), widthOf(value)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img">`,
    `<title>${escape(label)}: ${escape(value)}</title>`,
    `<rect width="${left}" height="20" fill="#444"/>`,
    `<rect x="${left}" width="${right}" height="20" fill="${colour}"/>`,
    `<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">`,
    `<text x="${left / 2}" y="14">${escape(label)}</text>`,
    `<text x="${left + right / 2}" y="14">${escape(value)}</text>`,
    `</g></svg>`,
  ].join("");
}
