// One terminal on the page: its glass, lamps, buzzer, keys and switches.

import { Glass } from "./glass.js";
import { Buzzer, allowSound } from "./sound.js";
import { currentLanguage, word } from "./words.js";

const template = document.getElementById("terminal");

export class Terminal {
  // `wish(message)` sends to the simulator; `chosen(this)` is called when the person turns to this terminal.
  constructor(description, wish, chosen) {
    this.number = description.t;
    this.wish = (message) => wish({ t: this.number, ...message });
    this.latencies = []; // ms from a key's way down to its effect drawn
    this.pressedAt = null;
    this.buzzer = new Buzzer();
    this.element = template.content.cloneNode(true).firstElementChild;
    this.element.addEventListener("pointerdown", () => chosen(this));
    this.part("h2").textContent = description.name;
    const title = document.createElement("small");
    title.textContent = description.title;
    this.part("h2").append(title);
    this.glass = new Glass(this.part(".glass"), description.display);
    this.keys = new Map();
    this.#layKeys(description.layout);
    for (const name of ["power", "network"]) {
      this.part(`.${name}`).addEventListener("click", () => this.wish({ [name]: this.part(`.${name}`).ariaChecked !== "true" }));
    }
    this.part(".clock").addEventListener("submit", (event) => {
      event.preventDefault();
      this.wish({ time: `${this.part(".clock input").value}+08:00` });
    });
    this.translate();
  }

  part(selector) {
    return this.element.querySelector(selector);
  }

  translate() {
    for (const name of ["green", "red", "buzzer"]) this.part(`.${name} b`).textContent = word(name);
    for (const name of ["power", "network"]) this.part(`.${name}`).textContent = word(name);
    for (const name of ["waiting", "flash", "time"]) this.part(`.t-${name}`).textContent = word(name);
    this.part(".clock button").textContent = word("set");
    if (this.facts) this.showFacts(this.facts);
  }

  // What the simulator tells.
  take(frame) {
    if ("glass" in frame) this.#draw(frame);
    if ("led" in frame) for (const name of ["green", "red"]) this.part(`.${name}`).classList.toggle("on", frame.led[name]);
    if ("tone" in frame) {
      this.buzzer.tone(frame.tone);
      this.part(".buzzer").classList.toggle("on", frame.tone > 0);
    }
    if ("power" in frame) this.part(".power").ariaChecked = String(frame.power);
    if ("network" in frame) this.part(".network").ariaChecked = String(frame.network);
    if ("joined" in frame) this.element.dataset.joined = frame.joined;
    if ("key" in frame) this.keys.get(frame.key)?.classList.toggle("down", frame.down);
    if ("facts" in frame) this.showFacts(frame.facts);
  }

  showFacts(facts) {
    this.facts = facts;
    const count = (number) => number.toLocaleString(currentLanguage());
    this.part(".waiting").textContent = `${count(facts.waiting)} ${word("of")} ${count(facts.capacity)}`;
    this.part(".waiting").dataset.waiting = facts.waiting;
    this.part(".flash").textContent = `${count(facts.programs)} / ${count(facts.erases)}`;
    this.part(".level").value = facts.capacity ? facts.waiting / facts.capacity : 0;
    // China Standard Time, whatever the browser's own zone.
    this.part(".time").textContent = new Date((facts.time + 28_800) * 1000).toISOString().slice(0, 19).replace("T", " ");
  }

  down(key) {
    if (!this.keys.has(key)) return;
    allowSound();
    this.pressedAt = performance.now();
    this.wish({ down: key });
  }

  up() {
    this.wish({ up: true });
  }

  #draw({ glass, rows, backlight }) {
    this.glass.draw(glass, backlight);
    this.part(".rows").textContent = rows.join("\n");
    const pressedAt = this.pressedAt;
    if (pressedAt === null) return;
    this.pressedAt = null;
    requestAnimationFrame(() => this.latencies.push(performance.now() - pressedAt));
  }

  #layKeys(layout) {
    const keypad = this.part(".keypad");
    keypad.style.gridTemplateColumns = `repeat(${layout[0].length}, 1fr)`;
    for (const key of layout.join("")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = button.dataset.key = key;
      button.className = `key ${/[A-D]/.test(key) ? "letter" : /\d/.test(key) ? "" : "sign"}`;
      button.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        button.setPointerCapture(event.pointerId);
        this.down(key);
      });
      for (const end of ["pointerup", "pointercancel"]) button.addEventListener(end, () => this.up());
      // Whoever tabs to a key presses it with space or enter: that click has no pointer behind it.
      button.addEventListener("click", (event) => {
        if (event.pointerType || event.detail) return;
        this.down(key);
        this.up();
      });
      button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is a key held
      keypad.append(button);
      this.keys.set(key, button);
    }
  }
}
