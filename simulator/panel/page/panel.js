// The page: its terminals, the line to the simulator, the keyboard.

import { allowSound, isSoundOn, switchSound } from "./sound.js";
import { Terminal } from "./terminal.js";
import { currentLanguage, switchLanguage, word } from "./words.js";

const AGAIN_MS = 1000;
const NAMED = { Enter: "#", Backspace: "*", Delete: "*" };

const place = document.getElementById("terminals");
const link = document.getElementById("link");
let terminals = [];
let chosen = null;
let socket = null;
let held = null; // the keyboard key that is down

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.addEventListener("open", () => (link.textContent = ""));
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    link.textContent = word("lost");
    setTimeout(connect, AGAIN_MS);
  });
}

function wish(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function take(frame) {
  if (frame.terminals) {
    terminals = frame.terminals.map((description) => new Terminal(description, wish, choose));
    place.replaceChildren(...terminals.map((terminal) => terminal.element));
    choose(terminals[chosen?.number] ?? terminals[0]);
  } else if (frame.error) {
    console.error(frame.error);
  } else {
    terminals[frame.t].take(frame);
  }
}

function choose(terminal) {
  chosen = terminal;
  for (const other of terminals) other.element.classList.toggle("chosen", other === terminal && terminals.length > 1);
}

function keyOf(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, button:not(.key)")) return null;
  const key = NAMED[event.key] ?? event.key.toUpperCase();
  return key.length === 1 ? key : null;
}

addEventListener("keydown", (event) => {
  const key = keyOf(event);
  if (key === null || !chosen?.keys.has(key)) return;
  event.preventDefault();
  if (event.repeat) return;
  held = event.code;
  chosen.down(key);
});
addEventListener("keyup", (event) => {
  if (event.code !== held) return;
  held = null;
  chosen.up();
});
addEventListener("blur", () => {
  if (held !== null) chosen?.up();
  held = null;
});

function translate() {
  document.documentElement.lang = currentLanguage();
  document.getElementById("language").textContent = word("language");
  document.getElementById("sound").textContent = word("sound");
  document.getElementById("sound").ariaChecked = String(isSoundOn());
  document.getElementById("help").textContent = word("help");
  for (const terminal of terminals) terminal.translate();
}

document.getElementById("language").addEventListener("click", () => {
  switchLanguage();
  translate();
});
document.getElementById("sound").addEventListener("click", () => {
  allowSound();
  switchSound();
  translate();
});

translate();
connect();
globalThis.panel = { get terminals() { return terminals; } }; // for whoever tests or measures the page
