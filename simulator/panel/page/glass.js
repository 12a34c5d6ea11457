// Draws a display dot by dot, laid out as simulator/pictures.py lays out its pictures.

const BEZEL = 0, GLASS = 1, CLEAR = 2, DARK = 3;
const SCALE = 2; // canvas pixels to one of the picture's, so that it is sharp on fine screens

export class Glass {
  constructor(canvas, display) {
    this.canvas = canvas;
    this.display = display;
    this.context = canvas.getContext("2d", { alpha: false });
    canvas.width = SCALE * this.#extent(display.width, display.cellWidth);
    canvas.height = SCALE * this.#extent(display.height, display.cellHeight);
    this.bytesARow = Math.ceil(display.width / 8);
    this.backlight = null;
  }

  // The left or top edge of a dot, in pixels of the canvas.
  at(dot, cell) {
    const { bezel, margin, dot: size, dotGap, cellGap } = this.display;
    return SCALE * (bezel + margin + dot * (size + dotGap) + Math.floor(dot / cell) * cellGap);
  }

  draw(base64, backlight) {
    const bits = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const { width, height, cellWidth, cellHeight, dot } = this.display;
    const colours = backlight ? this.display.lit : this.display.unlit;
    const all = backlight !== this.backlight;
    if (all) this.#ground(colours);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const byte = y * this.bytesARow + (x >> 3), mask = 0x80 >> (x & 7);
        if (!all && !((bits[byte] ^ this.bits[byte]) & mask)) continue;
        this.context.fillStyle = colours[bits[byte] & mask ? DARK : CLEAR];
        this.context.fillRect(this.at(x, cellWidth), this.at(y, cellHeight), SCALE * dot, SCALE * dot);
      }
    }
    this.bits = bits;
    this.backlight = backlight;
  }

  #ground(colours) {
    const { width, height } = this.canvas, bezel = SCALE * this.display.bezel;
    this.context.fillStyle = colours[BEZEL];
    this.context.fillRect(0, 0, width, height);
    this.context.fillStyle = colours[GLASS];
    this.context.fillRect(bezel, bezel, width - 2 * bezel, height - 2 * bezel);
  }

  #extent(dots, cell) {
    const { bezel, margin, dot, dotGap, cellGap } = this.display;
    return 2 * bezel + 2 * margin - dotGap + dots * (dot + dotGap) + (Math.ceil(dots / cell) - 1) * cellGap;
  }
}
