// Before anything is drawn: light or dark, as it was chosen the last time.
try {
  const chosen = localStorage.getItem("descentry-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* a browser that keeps nothing */ }
