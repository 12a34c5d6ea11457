// The buzzers, as square waves. A browser lets a page sound only after the first click or key.

let context = null;
let wanted = localStorage.getItem("sound") !== "off";

export const isSoundOn = () => wanted;

export function switchSound() {
  wanted = !wanted;
  localStorage.setItem("sound", wanted ? "on" : "off");
}

export function allowSound() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
}

export class Buzzer {
  tone(hz) {
    if (!context) return;
    if (!this.gain) this.#begin();
    const now = context.currentTime;
    if (hz) this.oscillator.frequency.setValueAtTime(hz, now);
    // A ramp of 2 ms instead of a jump, which would click.
    this.gain.gain.setTargetAtTime(hz && wanted ? 0.05 : 0, now, 0.002);
  }

  #begin() {
    this.gain = new GainNode(context, { gain: 0 });
    this.oscillator = new OscillatorNode(context, { type: "square" });
    this.oscillator.connect(this.gain).connect(context.destination);
    this.oscillator.start();
  }
}
