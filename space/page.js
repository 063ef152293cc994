// What a messenger does and gradio does not: sending, times and days, one question before everything is deleted.
(() => {
  const say = $words;
  const root = document.documentElement;
  root.lang = say.language;
  const find = (selector) => document.querySelector(selector);
  const box = () => find("#message textarea");
  const write = (area, text) => {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // --- sending: the box is hers again at once, and one message leaves after the other ---

  const PATIENCE_MS = 15_000; // a message that is not in the chat by then did not leave: she gets it back
  const OUTBOX = "persona-outbox"; // gradio loads the page anew when it finds the lost server again
  const waiting = JSON.parse(sessionStorage.getItem(OUTBOX) || "[]"); // not in the chat yet; the first is on its way
  let before = 0; // her bubbles when it left

  const hers = () => document.querySelectorAll("#chat .user-row").length;
  const store = () => sessionStorage.setItem(OUTBOX, JSON.stringify(waiting));
  const giveBack = () => {
    write(box(), [...waiting.splice(0).map(({ text }) => text), box().value].join("\n").trim());
    store();
  };
  const leave = () => {
    before = hers();
    const [mine] = waiting;
    const outbox = find("#outbox textarea");
    write(outbox, mine.text);
    outbox.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true }));
    setTimeout(() => { if (waiting[0] === mine) giveBack(); }, PATIENCE_MS);
  };
  const settle = () => {
    if (!waiting.length || hers() <= before) return;
    waiting.shift();
    store();
    if (waiting.length) leave();
  };
  // Until the server has brought back the chat, the box is locked.
  let open = false;
  const begin = () => {
    if (open || !box() || box().disabled) return;
    open = true;
    if (waiting.length) giveBack();
    if (matchMedia("(hover: hover)").matches) box().focus({ preventScroll: true }); // opens no phone keyboard
  };
  const send = (event) => {
    const isEnter = event.key === "Enter" && !event.shiftKey && event.target === box();
    if (!isEnter && !(event.type === "click" && event.target.closest("#message .submit-button"))) return;
    event.stopImmediatePropagation();
    // Enter ends a Hangul composition; it must not send half a word. 229 is how Safari says "still composing".
    if (event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    const text = box().value;
    if (event.type === "keypress" || !text.trim()) return;
    write(box(), "");
    waiting.push({ text });
    store();
    if (waiting.length === 1) leave();
  };
  for (const kind of ["keydown", "keypress", "click"]) document.addEventListener(kind, send, true);
  // A button that takes the focus would close the phone's keyboard.
  document.addEventListener("mousedown", (event) => { if (event.target.closest("#message button")) event.preventDefault(); });

  // --- times are kept beside the chat in this browser, one for each bubble ---

  const KEY = "persona-times";
  const NEW_CHAT = "\u2063"; // begins the line between two conversations, see messenger.py
  const clock = new Intl.DateTimeFormat(say.language, { hour: "numeric", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat(say.language, { year: "numeric", month: "long", day: "numeric", weekday: "long" });
  let times = JSON.parse(localStorage.getItem(KEY) || "[]");
  let shown = 0;

  const stamp = () => {
    const rows = [...document.querySelectorAll("#chat .message-row")];
    if (rows.length === shown) return;
    if (shown === 0) times = times.slice(-rows.length); // a reload brings back the newest messages
    times.length = Math.min(times.length, rows.length);
    while (times.length < rows.length) times.push(Date.now());
    shown = rows.length;
    localStorage.setItem(KEY, JSON.stringify(times));
    rows.forEach((row) => row.classList.toggle("divider", row.textContent.includes(NEW_CHAT)));
    rows.forEach((row, i) => {
      const side = (other) => other && (other.classList.contains("divider") ? "" : other.classList.contains("bot-row"));
      const [time, day] = [clock.format(times[i]), calendar.format(times[i])];
      const last = side(rows[i + 1]) !== side(row) || clock.format(times[i + 1]) !== time;
      const first = i === 0 || calendar.format(times[i - 1]) !== day;
      row.dataset.time = last ? time : "";
      row.toggleAttribute("data-day", first);
      row.style.setProperty("--day", JSON.stringify(day));
      row.classList.toggle("opens", first || side(rows[i - 1]) !== side(row));
    });
  };

  // --- deleting everything asks first (a browser's own question does not open inside another site's frame) ---

  const ask = () => {
    const dialog = document.body.appendChild(document.createElement("dialog"));
    dialog.innerHTML = '<form method="dialog"><p id="question"></p><button value="no"></button><button value="yes"></button></form>';
    dialog.setAttribute("aria-labelledby", "question");
    const [question, no, yes] = dialog.querySelectorAll("p, button");
    [question.textContent, no.textContent, yes.textContent] = [say.erase_question, say.erase_no, say.erase_yes];
    dialog.addEventListener("close", () => {
      dialog.remove();
      sure = dialog.returnValue === "yes";
      if (sure) find(ERASE).click();
      sure = false;
      box().focus();
    });
    dialog.showModal();
  };
  const ERASE = "#chat .top-panel button";
  let sure = false;
  document.addEventListener("click", (event) => {
    if (!event.target.closest(ERASE) || sure) return;
    event.stopImmediatePropagation();
    ask();
  }, true);

  // --- gradio's buttons get names in the page's language, and its bubbles lose the ones that hide what they say ---

  const NAMES = [
    ["#message .submit-button", say.send], ["#message .stop-button", say.stop], [ERASE, say.erase],
    ["#chat .message-buttons button", say.again], ["#chat [role=log]", say.chat_log],
  ];
  const name = () => {
    for (const [selector, label] of NAMES)
      for (const element of document.querySelectorAll(selector))
        if (element.ariaLabel !== label) [element.ariaLabel, element.title] = [label, element.role === "log" ? "" : label];
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((bubble) => bubble.removeAttribute("aria-label"));
  };

  new MutationObserver(() => { begin(); settle(); stamp(); name(); }).observe(root, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"],
  });

  // --- the page ends where a phone's keyboard begins ---

  const fit = () => {
    if (visualViewport.scale !== 1) return; // she zooms
    root.style.setProperty("--height", `${visualViewport.height}px`);
    scrollTo(0, 0);
  };
  visualViewport.addEventListener("resize", fit);
})();
