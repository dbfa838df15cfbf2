/* A bar while requests last, and a notice when the server does not answer. */
(() => {
  "use strict";

  let waiting = 0;
  const fetchPlain = window.fetch;
  window.fetch = async (...request) => {
    waiting += 1;
    document.documentElement.dataset.busy = "";
    try {
      const answer = await fetchPlain(...request);
      offline(answer.status >= 500 ? "failed" : false);
      return answer;
    } catch (error) {
      offline("gone");
      throw error;
    } finally {
      waiting -= 1;
      if (!waiting) delete document.documentElement.dataset.busy;
    }
  };

  function offline(how) {
    if (how) document.documentElement.dataset.offline = how; else delete document.documentElement.dataset.offline;
  }
})();
