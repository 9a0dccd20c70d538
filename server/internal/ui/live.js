// The script of the operator's pages. It keeps what stands on a page as it is by now: the
// server tells of each change by an event, with the page's new content, and what is marked
// there with data-live takes the place of what is marked alike here. Only what differs is
// touched, so the focus stays, and what is open stays open. While nobody sees the page, no
// connection is held.
"use strict";
(() => {
  const { stream, page, seen } = document.currentScript.dataset;
  const [note, button] = document.getElementById("live").children;
  const kept = note.textContent;
  let last = seen, source, paused = false;

  function say(text) { if (note.textContent !== text) note.textContent = text; }

  function open() {
    if (source || paused || document.hidden) return;
    const at = new URL(stream, location.href);
    at.searchParams.set("seen", last); // a stream that is broken off goes on by its Last-Event-ID
    source = new EventSource(at);
    source.onopen = () => say(kept);
    source.onerror = () => {
      say("This page is not up to date: the server does not answer, or five other pages are kept up to date. It is tried again.");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      close();
      setTimeout(open, 15_000);
    };
    source.addEventListener("page", (event) => {
      last = event.lastEventId;
      show(event.data);
    });
    source.addEventListener("over", () => { // signed out, or there is nothing to show any more
      close();
      setTimeout(() => location.replace(page), Math.max(0, 3000 - performance.now())); // never round and round
    });
  }

  function close() {
    source?.close();
    source = undefined;
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html"); // a document in which nothing runs
    for (const now of document.querySelectorAll("[data-live]")) {
      const then = fresh.querySelector(`[data-live="${now.dataset.live}"]`);
      if (then) change(now, then);
    }
  }

  // change makes an element as another is.
  function change(now, then) {
    for (const { name } of [...now.attributes]) {
      if (!then.hasAttribute(name) && name !== "open") now.removeAttribute(name);
    }
    for (const { name, value } of then.attributes) {
      if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    }
    let at = now.firstChild;
    for (const child of [...then.childNodes]) {
      const known = find(at, child);
      if (!known) {
        now.insertBefore(child, at);
        continue;
      }
      while (at !== known) at = drop(at);
      at = known.nextSibling;
      if (known.nodeType === Node.ELEMENT_NODE) change(known, child);
      else if (known.data !== child.data) known.data = child.data;
    }
    while (at) at = drop(at);
  }

  // find returns what stands for the same thing: of elements any that follows, of text the next.
  function find(at, child) {
    if (child.nodeType !== Node.ELEMENT_NODE) return at?.nodeType === child.nodeType ? at : null;
    while (at && (at.nodeName !== child.nodeName || at.dataset?.key !== child.dataset.key)) at = at.nextSibling;
    return at;
  }

  function drop(node) {
    const next = node.nextSibling;
    node.remove();
    return next;
  }

  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Go on" : "Pause";
    if (paused) {
      close();
      say("This page is not kept up to date.");
    } else open();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open); // the browser had kept the page
  document.getElementById("live").hidden = false;
  open();
})();
