// The page's own words. What the terminal says is drawn from its display's memory and not translated here.

const WORDS = {
  en: {
    language: "中文", sound: "Sound", lost: "The simulator does not answer. Trying again …",
    green: "valid", red: "not valid", buzzer: "buzzer", power: "Power", network: "Network",
    waiting: "Waiting records", flash: "Flash writes / erases", time: "World clock", set: "Set clock", of: "of",
    help: "Click, touch or type: 0–9, * (or Backspace), # (or Enter), A–D. Hold * for the service menu.",
  },
  zh: {
    language: "English", sound: "声音", lost: "模拟器没有响应, 正在重连…",
    green: "有效", red: "无效", buzzer: "蜂鸣器", power: "电源", network: "网络",
    waiting: "待上传记录", flash: "闪存写 / 擦", time: "外部时钟", set: "设时间", of: "/",
    help: "点击、触摸或用键盘: 0–9, * (或退格), # (或回车), A–D. 按住 * 进入维护菜单.",
  },
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export const word = (name) => WORDS[language][name];

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
}

export const currentLanguage = () => language;
