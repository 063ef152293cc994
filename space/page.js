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

  const kept = (storage, key) => JSON.parse(storage.getItem(key) || "[]");

  // --- sending: the box is hers again at once; what the chat does not show yet is in the outbox, whatever happens ---

  const OUTBOX = "persona-outbox"; // letters: mark and text. See messenger.py, which tells of those that arrived
  const DRAFT = "persona-draft";
  const SHOWN_AFTER_MS = 1_000; // a message that arrives sooner needs no bubble of its own before
  const SLOW_AFTER_MS = 8_000;
  const AGAIN_AFTER_MS = 5_000; // when it was not taken
  let open = false; // the chat is back from her browser
  let lost = false; // the server; gradio looks for it, and loads the page anew
  let refused = false; // the server takes nothing from the address of this page
  let stale = false; // another tab has a newer chat
  let onItsWay = ""; // the mark of one letter at a time
  let sentAt = 0;

  const waiting = () => kept(localStorage, OUTBOX);
  const store = (letters) => localStorage.setItem(OUTBOX, JSON.stringify(letters));
  const leave = () => {
    const [letter] = waiting();
    if (!letter || !open || onItsWay === letter.mark) return;
    onItsWay = letter.mark;
    sentAt = Date.now();
    post(letter);
  };
  const post = ({ mark, text }) => {
    const outbox = find("#outbox textarea");
    write(outbox, `${mark} ${text}`);
    outbox.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true }));
  };
  const again = () => waiting().slice(0, 1).filter(({ mark }) => mark === onItsWay).forEach(post);
  const settle = () => {
    const arrived = (find("#arrived .md")?.textContent || "").split(/\s+/).filter(Boolean);
    if (!open && arrived.length && box() && !box().disabled) begin();
    const left = waiting().filter(({ mark }) => !arrived.includes(mark));
    if (left.length === waiting().length) return;
    store(left);
    tell();
    leave();
  };
  // Until the server has brought back the chat, the box is locked.
  const begin = () => {
    open = true;
    if (!box().value) write(box(), sessionStorage.getItem(DRAFT) || "");
    if (matchMedia("(hover: hover)").matches) box().focus({ preventScroll: true }); // opens no phone keyboard
    leave();
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
    store([...waiting(), { mark: Math.random().toString(36).slice(2), text }]);
    if (stale) return location.reload();
    toNewest();
    leave();
    setTimeout(tell, SHOWN_AFTER_MS);
  };
  for (const kind of ["keydown", "keypress", "click"]) document.addEventListener(kind, send, true);
  // A button that takes the focus would close the phone's keyboard.
  document.addEventListener("mousedown", (event) => { if (event.target.closest("#message button")) event.preventDefault(); });
  document.addEventListener("input", ({ target }) => {
    if (target !== box()) return;
    if (open) sessionStorage.setItem(DRAFT, target.value);
    tell();
  });

  // How the server takes it; gradio's own words for that are English and cover the page.
  const { fetch } = window;
  window.fetch = async (...asked) => {
    const address = String(asked[0]?.url || asked[0]);
    if (!address.includes("/gradio_api/")) return fetch(...asked);
    try {
      const answer = await fetch(...asked);
      const kind = answer.headers.get("content-type") || "";
      // What stands before our server says that it is away: gradio then looks for it, as without a network. A plain 500 is
      // our own: the page would be loaded anew for ever.
      if (kind.includes("html") || (answer.status > 500 && !kind.includes("json"))) throw new TypeError(answer.status);
      lost = false;
      if (address.includes("/queue/join")) {
        refused = answer.status === 403;
        if (!answer.ok) setTimeout(again, AGAIN_AFTER_MS);
      }
      tell();
      if (answer.status === 401) location.reload(); // her key is no longer good: the locked page says so
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") {
        [lost, onItsWay] = [true, ""];
        tell();
      }
      throw error;
    }
  };

  // --- between the chat and the box: what has not left yet, and why ---

  const tray = document.createElement("div");
  tray.id = "tray";
  tray.innerHTML = '<div></div><p role="status"></p>';
  const tell = () => {
    if (!tray.isConnected) find(".gr-group:has(#message)")?.before(tray);
    const [bubbles, note] = tray.children;
    const late = waiting().filter(({ mark }) => lost || mark !== onItsWay || Date.now() - sentAt >= SHOWN_AFTER_MS);
    bubbles.replaceChildren(...late.map(({ text }) => Object.assign(document.createElement("p"), { textContent: text })));
    const isSlow = onItsWay && waiting().length && Date.now() - sentAt >= SLOW_AFTER_MS;
    const isFull = box() && box().value.length >= box().maxLength && box().maxLength > 0;
    const words = lost ? (late.length ? say.offline : say.lost) : refused ? say.refused : isSlow ? say.slow : isFull ? say.full : "";
    if (note.textContent !== words) note.textContent = words;
  };
  setInterval(() => { if (waiting().length || tray.firstChild.childElementCount) tell(); }, SHOWN_AFTER_MS);

  // --- times are kept beside the chat in this browser, one for each bubble ---

  const KEY = "persona-times";
  const NEW_CHAT = "\u2063"; // begins the line between two conversations, see messenger.py
  const clock = new Intl.DateTimeFormat(say.language, { hour: "numeric", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat(say.language, { year: "numeric", month: "long", day: "numeric", weekday: "long" });
  let times = kept(localStorage, KEY);
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
    if (atEnd) toNewest();
  };

  // --- two tabs, one chat: the times change with every bubble, so they tell a tab that another has gone on ---

  const takeOver = () => { if (stale) location.reload(); };
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== KEY) return;
    stale = true;
    // What is deleted is gone everywhere, and a reply to what is old would be kept over what is new.
    if (newValue === "[]" || find("#message .stop-button")) takeOver();
  });
  addEventListener("focus", takeOver);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) takeOver(); });
  document.addEventListener("click", (event) => {
    if (!stale || !event.target.closest("#chat button, #new-chat, #ask-again")) return;
    event.stopImmediatePropagation();
    takeOver();
  }, true);

  // --- who reads the newest stays there: when bubbles come, when a phone's keyboard opens, when the box grows ---

  let atEnd = true;
  const NEAR_PX = 60; // a bubble and a half
  const list = () => find("#chat .bubble-wrap");
  const toNewest = () => {
    atEnd = true;
    list().scrollTop = list().scrollHeight;
  };
  document.addEventListener("scroll", ({ target }) => {
    if (target === list()) atEnd = target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_PX;
  }, true);
  const resized = new ResizeObserver(() => { if (atEnd) toNewest(); });
  let watched = null; // gradio makes a new list now and then; one that is watched twice would report itself each time
  const watch = () => {
    if (list() === watched) return;
    if (watched) resized.unobserve(watched);
    watched = list();
    if (watched) resized.observe(watched);
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
      if (sure) erase();
      sure = false;
      box().focus();
    });
    dialog.showModal();
  };
  const erase = () => { // here first: it is gone even if the server cannot be reached
    for (const key of ["persona-chat", OUTBOX]) localStorage.removeItem(key);
    sessionStorage.removeItem(DRAFT);
    localStorage.setItem(KEY, "[]");
    tell();
    find(ERASE).click();
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
    ["#chat .scroll-down-button-container button", say.newest], ["#message textarea", say.your_message],
  ];
  const name = () => {
    for (const [selector, label] of NAMES)
      for (const element of document.querySelectorAll(selector))
        if (element.ariaLabel !== label) [element.ariaLabel, element.title] = [label, element.matches("button") ? label : ""];
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((bubble) => bubble.removeAttribute("aria-label"));
  };

  new MutationObserver(() => {
    settle();
    stamp();
    name();
    watch();
  }).observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"] });

  // --- the page ends where a phone's keyboard begins ---

  const fit = () => {
    if (visualViewport.scale !== 1) return; // she zooms
    root.style.setProperty("--height", `${visualViewport.height}px`);
    scrollTo(0, 0);
  };
  visualViewport.addEventListener("resize", fit);
})();
