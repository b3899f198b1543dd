// Runs before the first paint so that a chosen theme never flashes the other one.
// A file, not an inline script: the pages are served with a policy that forbids those.
(() => {
  var theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
