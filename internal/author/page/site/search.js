// The search of the index. Without scripts the whole list is there.
(function () {
  "use strict";
  var form = document.getElementById("search");
  var input = document.getElementById("q");
  var count = document.getElementById("count");
  var items = Array.prototype.slice.call(document.querySelectorAll("[data-words]"));
  if (!form || !input || !count) return;

  function show() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    var found = 0;
    items.forEach(function (item) {
      var text = item.getAttribute("data-words");
      item.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      if (!item.hidden) found++;
    });
    count.textContent = words.length === 0 ? items.length + " APIs" : found === 0
      ? "No API fits. Any API can be described in the integrations file itself."
      : found === 1 ? "1 API fits" : found + " APIs fit";
  }

  form.hidden = false;
  var asked = /[?&]q=([^&]*)/.exec(window.location.search);
  if (asked) {
    try { input.value = decodeURIComponent(asked[1].replace(/\+/g, " ")); } catch (e) { /* not ours */ }
  }
  input.addEventListener("input", show);
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var first = items.filter(function (item) { return !item.hidden; })[0];
    if (first) first.querySelector("a").focus();
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
    }
  });
  show();
})();
