/* Light or dark: the system's wish until the user says otherwise; set before anything is drawn. */
(() => {
  "use strict";

  const page = document.documentElement.dataset;

  function wear(scheme) {
    page.scheme = scheme;
    page.agThemeMode = scheme;
    return scheme;
  }

  function turn() {
    const scheme = wear(page.scheme === "dark" ? "light" : "dark");
    try { localStorage.setItem("lineage-scheme", scheme); } catch { /* private window */ }
    return scheme;
  }

  let kept = null;
  try { kept = localStorage.getItem("lineage-scheme"); } catch { /* private window */ }
  wear(kept || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  window.lineageScheme = {turn};
})();
