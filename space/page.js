// What a messenger does and gradio does not: Hangul composition, the keyboard, times and days.
(() => {
  const { language: LANGUAGE, send, stop } = $words;
  document.documentElement.lang = LANGUAGE;

  // Enter ends a Hangul composition; it must not send half a word. 229 is how Safari says "still composing".
  const hold = (event) => {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
  };
  for (const kind of ["keydown", "keypress"]) document.addEventListener(kind, hold, true);

  // gradio disables the box during a reply, and the focus is gone. It comes back where that opens no phone keyboard.
  const refocus = (records) => {
    const enabled = records.some(({ target, attributeName }) =>
      attributeName === "disabled" && target.matches("#message textarea") && !target.disabled);
    if (enabled && document.activeElement === document.body && matchMedia("(hover: hover)").matches)
      document.querySelector("#message textarea").focus({ preventScroll: true });
  };

  // Times are kept beside the chat in this browser, one for each bubble.
  const KEY = "persona-times";
  const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: "numeric", minute: "2-digit" });
  const calendar = new Intl.DateTimeFormat(LANGUAGE, { year: "numeric", month: "long", day: "numeric", weekday: "long" });
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
    rows.forEach((row, i) => {
      const side = (other) => other?.classList.contains("bot-row");
      const [time, day] = [clock.format(times[i]), calendar.format(times[i])];
      const last = side(rows[i + 1]) !== side(row) || clock.format(times[i + 1]) !== time;
      const first = i === 0 || calendar.format(times[i - 1]) !== day;
      row.dataset.time = last ? time : "";
      row.toggleAttribute("data-day", first);
      row.style.setProperty("--day", JSON.stringify(day));
      row.classList.toggle("opens", first || side(rows[i - 1]) !== side(row));
    });
  };

  // gradio's icon buttons have no names, and its bubbles have English ones that hide what they say.
  const name = () => {
    for (const [kind, label] of [["submit", send], ["stop", stop]])
      document.querySelector(`#message .${kind}-button:not([aria-label])`)?.setAttribute("aria-label", label);
    document.querySelectorAll("#chat [data-testid][aria-label]").forEach((bubble) => bubble.removeAttribute("aria-label"));
  };

  new MutationObserver((records) => { refocus(records); stamp(); name(); }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["disabled"],
  });
})();
