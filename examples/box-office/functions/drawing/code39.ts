// Code 39, which every scanner reads: nine elements per character, bars and gaps in turn, three of them wide (1).
const ELEMENTS: Record<string, string> = {
  "0": "000110100", "1": "100100001", "2": "001100001", "3": "101100000", "4": "000110001",
  "5": "100110000", "6": "001110000", "7": "000100101", "8": "100100100", "9": "001100100",
  A: "100001001", B: "001001001", C: "101001000", D: "000011001", E: "100011000", F: "001011000",
  G: "000001101", H: "100001100", I: "001001100", J: "000011100", K: "100000011", L: "001000011",
  M: "101000010", N: "000010011", O: "100010010", P: "001010010", Q: "000000111", R: "100000110",
  S: "001000110", T: "000010110", U: "110000001", V: "011000001", W: "111000000", X: "010010001",
  Y: "110010000", Z: "011010000",
};
const START_AND_STOP = "010010100";
const WIDE = 3;

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function barcode(text: string, { x, y, width, height }: Box): string {
  const characters = [START_AND_STOP, ...Array.from(text, elementsOf), START_AND_STOP];
  const modules = characters.length * (6 + 3 * WIDE) + characters.length - 1; // a narrow gap between characters
  const unit = width / modules;
  let at = x;
  const bars: string[] = [];
  for (const elements of characters) {
    Array.from(elements, (element, index) => {
      const size = (element === "1" ? WIDE : 1) * unit;
      if (index % 2 === 0) bars.push(`M${at.toFixed(2)} ${y}h${size.toFixed(2)}v${height}h-${size.toFixed(2)}z`);
      at += size;
    });
    at += unit;
  }
  return `<path d="${bars.join("")}"/>`;
}

function elementsOf(character: string): string {
  const elements = ELEMENTS[character];
  if (!elements) throw new Error(`Code 39 has no \`${character}\``);
  return elements;
}
